/// Which kernel modules to keep: paths below `kernel/`, a leading `- ` takes out again, the longest matching path decides.
struct ModuleList: Hashable, Sendable {
    private let rules: [(path: String, keeps: Bool)]

    init(_ text: String) {
        rules = text.split(separator: "\n").compactMap { line in
            if line.hasPrefix("#") { return nil }
            return line.hasPrefix("- ") ? (String(line.dropFirst(2)), false) : (String(line), true)
        }
    }

    /// `path` is relative to the release's directory: `kernel/drivers/net/tun.ko`.
    func keeps(_ path: String) -> Bool {
        guard path.hasPrefix("kernel/") else { return false }
        let path = path.dropFirst("kernel/".count)
        let matching = rules.filter { path == $0.path || path.hasPrefix($0.path + "/") }
        return matching.max { $0.path.utf8.count < $1.path.utf8.count }?.keeps ?? false
    }

    static func == (a: Self, b: Self) -> Bool { a.rules.elementsEqual(b.rules, by: ==) }

    func hash(into hasher: inout Hasher) { for rule in rules { hasher.combine(rule.path) } }
}
