import FoundationEssentials

extension Rack {
    static let bridge = "rack0"

    /// Where iproute2 keeps the name of a namespace (ip-netns(8)).
    var namespacePath: String { "/run/netns/\(name.namespace)" }

    func makeNetwork(_ record: RackRecord) async throws(RackError) {
        try await Command.succeed(["ip", "netns", "add", name.namespace])
        try await Command.succeed(
            ["ip", "-n", name.namespace, "-batch", "-"],
            input: Self.networkCommands(record, avoidingIPv6: SmallFile.exists("/proc/net/if_inet6")))
        // Says whose the namespace is to a command that was given another state directory.
        try await Command.succeed([
            "ip", "-n", name.namespace, "link", "set", "dev", Self.bridge, "alias", Self.aliasPrefix + stateDirectory,
        ])
    }

    /// Commands for `ip -batch`. Without link-local addresses and multicast queries, the only packets are hosts' and servers'. The bridge
    /// has an address of its own, or it would change with each tap that joins. Taps need no switched-off offload: QEMU takes care.
    static func networkCommands(_ record: RackRecord, avoidingIPv6: Bool) -> String {
        let address = VirtualHostIdentity.hardwareAddress(rack: record.name, host: 0, interface: 0)
        var lines = [
            "link set lo up",
            "link add \(bridge) address \(address) type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
        ]
        if avoidingIPv6 { lines.append("link set dev \(bridge) addrgenmode none") }
        lines += ["address add \(record.address) brd + dev \(bridge)", "link set dev \(bridge) up"]
        for tap in record.hosts.flatMap(\.taps) {
            lines.append("tuntap add dev \(tap) mode tap")
            if avoidingIPv6 { lines.append("link set dev \(tap) addrgenmode none") }
            lines.append("link set dev \(tap) master \(bridge) up")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Deletes the namespace and with it bridge and taps.
    func removeNetwork() async throws(RackError) {
        guard SmallFile.exists(namespacePath) else { return }
        // Whoever runs this from inside the rack keeps the namespace alive: then at least the bridge goes at once.
        if !ProcessTable.processes(inNamespace: namespacePath).isEmpty {
            _ = try await Command.run(["ip", "-n", name.namespace, "link", "delete", Self.bridge])
        }
        try await Command.succeed(["ip", "netns", "delete", name.namespace])
    }

    private static var aliasPrefix: String { "bennu rack in " }

    /// Throws `elsewhere` when the namespace belongs to a rack whose record exists under another state directory.
    func refuseElsewhere() async throws(RackError) {
        guard !SmallFile.exists("\(directory)/rack.json"), SmallFile.exists(namespacePath) else { return }
        struct Link: Decodable { let ifalias: String? }
        let shown = try await Command.run(["ip", "-n", name.namespace, "-j", "link", "show", "dev", Self.bridge])
        let links = (try? JSONDecoder().decode([Link].self, from: Data(shown.standardOutput.utf8))) ?? []
        guard let alias = links.first?.ifalias, alias.hasPrefix(Self.aliasPrefix) else { return }
        let other = String(alias.dropFirst(Self.aliasPrefix.count))
        if other != stateDirectory, SmallFile.exists("\(other)/\(name)/rack.json") { throw .elsewhere(name, stateDirectory: other) }
    }
}
