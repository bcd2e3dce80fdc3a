import Primitives

/// libvirt's own name for this host: without one it takes the firmware's UUID, which two boards may share, and migration between them fails.
package enum LibvirtIdentity {
    package static let file = "/etc/libvirt/libvirtd.conf"

    /// Sets `host_uuid` in libvirtd's configuration. libvirtd reads it when it starts, so this belongs before that.
    /// - Parameter machineID: 32 hexadecimal digits, derived from the host id.
    /// - Returns: true when the file was changed.
    @discardableResult
    package static func prepare(machineID: String, in root: HostRoot) throws(HostFailure) -> Bool {
        let text = String(decoding: try root.read(file) ?? [], as: UTF8.self)
        let line = try setting(for: machineID)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let others = lines.filter { setting($0) != "host_uuid" && setting($0) != "host_uuid_source" }
        guard !lines.contains(Substring(line)) || others.count != lines.count - 1 else { return false }
        let body = others.joined(separator: "\n")
        try root.write(file, Array((body + (body.isEmpty || body.hasSuffix("\n") ? "" : "\n") + line + "\n").utf8))
        return true
    }

    /// The line of the file that names this host.
    static func setting(for machineID: String) throws(HostFailure) -> String {
        guard let bytes = Hexadecimal.decode(machineID.utf8), let uuid = UniversalUniqueIdentifier(bytes: bytes) else {
            throw HostFailure(.invalidItem, "machine-id \(machineID.prefix(40)) is not 32 hexadecimal digits")
        }
        return "host_uuid = \"\(uuid)\""
    }

    private static func setting(_ line: Substring) -> Substring {
        line.prefix { $0 != "=" }.drop { $0 == " " }.prefix { $0 != " " }
    }
}
