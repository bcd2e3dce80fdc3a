/// Finds the name that was probably meant.
enum NearestName {
    /// The closest of `names` within a third of the letters (at least one); `nil` when none is that near. Case and hyphens do not count.
    static func of(_ text: String, among names: some Sequence<String>) -> String? {
        let wanted = letters(text)
        guard (1...64).contains(wanted.count) else { return nil }
        let limit = max(1, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = distance(wanted, letters(name), limit: limit)
            if distance <= limit, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    private static func letters(_ text: String) -> [UInt8] {
        text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    }

    /// Levenshtein's: insertions, deletions and replacements. Anything above `limit` when the lengths alone say so.
    private static func distance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int {
        guard abs(a.count - b.count) <= limit else { return limit + 1 }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
