/// What the kernel says of a process (proc(5), /proc/pid/stat).
struct ProcessStatus {
    var parent: Int32
    /// Ticks of the kernel's clock since its own start.
    var start: UInt64

    /// `nil` when it has ended.
    init?(of process: Int32, in root: HostRoot) {
        // The name in field 2 may hold anything; it ends with the last parenthesis.
        guard let line = root.line("/proc/\(process)/stat"), let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[end...].split(separator: " ")
        guard fields.count > 20, let parent = Int32(fields[2]), let start = UInt64(fields[20]) else { return nil }
        (self.parent, self.start) = (parent, start)
    }
}
