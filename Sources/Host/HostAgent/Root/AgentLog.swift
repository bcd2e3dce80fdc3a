import Glibc

/// Lines for the journal: the priority as systemd reads it from standard error (sd-daemon(3)), a constant message, then data as `key=value`.
package struct AgentLog: Sendable {
    package enum Priority: Int, Sendable {
        case error = 3
        case warning = 4
        case notice = 5
        case information = 6
        case debug = 7
    }

    /// Where a finished line goes. Tests give their own.
    private let sink: @Sendable (String) -> Void

    package init(sink: @escaping @Sendable (String) -> Void) { self.sink = sink }

    /// To standard error.
    package static let journal = AgentLog { line in
        let bytes = Array((line + "\n").utf8)
        _ = write(2, bytes, bytes.count)
    }

    package static let silent = AgentLog { _ in }

    package func callAsFunction(_ priority: Priority, _ message: StaticString, _ data: KeyValuePairs<StaticString, String> = [:]) {
        let fields = data.map { " \($0.key)=\(Self.quoted($0.value))" }.joined()
        sink("<\(priority.rawValue)>\(message)\(fields)")
    }

    /// One line whatever came from outside, and not without end.
    static func quoted(_ value: String) -> String {
        let plain = value.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "\"") }
        if plain, !value.isEmpty { return String(value.prefix(500)) }
        let text = value.unicodeScalars.prefix(500).map { scalar in
            scalar.value < 32 || scalar.value == 127 ? " " : scalar == "\"" ? "'" : String(scalar)
        }
        return "\"\(text.joined())\""
    }
}

/// Marks on the host's console, where the serial log of a boot shows them.
package struct BootMarks: Sendable {
    package var root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// A console that is not there or is full is not our trouble.
    package func mark(_ text: String) {
        let seconds = root.line("/proc/uptime")?.split(separator: " ").first ?? "?"
        try? root.writeInPlace("/dev/console", Array("bennu: \(text) at \(seconds) s\r\n".utf8), append: true)
    }
}
