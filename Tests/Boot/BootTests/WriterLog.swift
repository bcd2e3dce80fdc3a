/// What the writing guest printed on its serial port; the lines are described in Tests/Boot/WritingGuest/init.c.
struct WriterLog {
    struct Write {
        let disk: String
        let number: Int
        /// Until it was durable.
        let milliseconds: Int
        /// Since the one before was durable.
        let gap: Int
    }

    /// Oldest first.
    private(set) var writes: [Write] = []
    /// Words found wrong, by each look at the guest's memory.
    private(set) var memory: [Int] = []
    /// `error` lines, and every line of which nothing is known, kernel messages among them.
    private(set) var complaints: [String] = []

    /// A last line without an end is not looked at.
    init(_ text: String) {
        // A serial port ends lines by CR LF, which is one character.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropLast()
        for line in lines.map({ $0.split(separator: " ") }) where !line.isEmpty {
            if line.count == 8, line[0] == "write", let number = Int(line[2]), let time = Int(line[3]), let gap = Int(line[6]) {
                writes.append(Write(disk: String(line[1]), number: number, milliseconds: time, gap: gap))
            } else if line.count == 4, line[0] == "memory", Int(line[1]) == memory.count + 1, let wrong = Int(line[3]) {
                memory.append(wrong)
            } else if !line.starts(with: ["guest", "up"]) {
                complaints.append(line.joined(separator: " "))
            }
        }
    }

    /// Number of the last record that was durable, by disk.
    var last: [String: Int] { Dictionary(writes.map { ($0.disk, $0.number) }, uniquingKeysWith: max) }

    /// The writes of a disk behind a number.
    func writes(to disk: String, after number: Int) -> [Write] { writes.filter { $0.disk == disk && $0.number > number } }
}

/// What `ping -D` printed.
enum PingLog {
    /// The longest time between two answers in seconds, of those that came between two moments in seconds since 1970.
    static func longestGap(_ text: String, from begin: Double, to end: Double) -> (seconds: Double, answers: Int) {
        let times = text.split(separator: "\n").compactMap { line -> Double? in
            guard line.hasPrefix("["), line.contains(" bytes from "), let close = line.firstIndex(of: "]") else { return nil }
            return Double(line[line.index(after: line.startIndex)..<close])
        }.filter { (begin...end).contains($0) }
        // Silence at either edge counts, too.
        let moments = [begin] + times + [end]
        return (zip(moments, moments.dropFirst()).map { $1 - $0 }.max() ?? 0, times.count)
    }
}
