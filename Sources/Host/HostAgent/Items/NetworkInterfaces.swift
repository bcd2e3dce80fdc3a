import Primitives

/// The host's network interfaces, as /sys/class/net and /proc/net tell of them.
package enum NetworkInterfaces {
    private static let directory = "/sys/class/net"

    /// The interface that a port names: by name, by hardware address, or `boot`.
    static func resolve(_ port: String, boot: HardwareAddress?, in root: HostRoot) -> String? {
        let wanted = port == "boot" ? boot : HardwareAddress(port)
        if let wanted { return physical(in: root).first { address(of: $0, in: root) == wanted } }
        guard !port.isEmpty, port != "boot", !port.contains("/"), !port.contains(" ") else { return nil }
        return root.exists("\(directory)/\(port)") ? port : nil
    }

    /// Those with a device below them: no bridge, no tap, not the loopback.
    static func physical(in root: HostRoot) -> [String] {
        root.list(directory).filter { root.exists("\(directory)/\($0)/device") }
    }

    static func address(of interface: String, in root: HostRoot) -> HardwareAddress? {
        root.line("\(directory)/\(interface)/address").flatMap { HardwareAddress($0) }
    }

    static func members(of bridge: String, in root: HostRoot) -> [String]? {
        guard root.exists("\(directory)/\(bridge)/bridge") else { return nil }
        return root.list("\(directory)/\(bridge)/brif")
    }

    /// Interfaces that have an IPv4 route (/proc/net/route): an address brings the route to its own network.
    static func routed(in root: HostRoot) -> Set<String> {
        let table = String(decoding: (try? root.read("/proc/net/route")) ?? [], as: UTF8.self)
        return Set(
            table.split(separator: "\n").dropFirst().compactMap {
                $0.split(whereSeparator: { $0 == "\t" || $0 == " " }).first.map(String.init)
            })
    }
}
