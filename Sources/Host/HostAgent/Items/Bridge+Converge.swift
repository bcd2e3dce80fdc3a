package import HostContract
package import Primitives

extension Bridge: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        /// The interfaces that `ports` name, in that order; `nil` in the place of one that is not there.
        package var interfaces: [String?]
        /// Of the first port: the bridge takes it, so that the host keeps the one lease it booted with.
        package var hardwareAddress: HardwareAddress?
        /// Our files that are there, by path.
        package var files: [String: [UInt8]]
        /// What the kernel says belongs to the bridge; `nil` when there is no such bridge.
        package var members: [String]?
        /// Interfaces with an IPv4 route: those that have an address.
        package var routed: Set<String>
        package var made: MadeItem?

        package init(
            interfaces: [String?], hardwareAddress: HardwareAddress?, files: [String: [UInt8]], members: [String]?, routed: Set<String>,
            made: MadeItem? = nil
        ) {
            (self.interfaces, self.hardwareAddress, self.files) = (interfaces, hardwareAddress, files)
            (self.members, self.routed, self.made) = (members, routed, made)
        }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        let interfaces = ports.map { NetworkInterfaces.resolve($0, boot: host.bootAddress, in: host.root) }
        var files: [String: [UInt8]] = [:]
        for path in Self.paths(of: name) { files[path] = try host.root.read(path) }
        return Observed(
            interfaces: interfaces,
            hardwareAddress: interfaces.first.flatMap { $0 }.flatMap { NetworkInterfaces.address(of: $0, in: host.root) },
            files: files, members: NetworkInterfaces.members(of: name, in: host.root), routed: NetworkInterfaces.routed(in: host.root),
            made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        try Self.check(name)
        for (port, interface) in zip(ports, observed.interfaces) where interface == nil {
            throw HostFailure(.missing, "no interface is \(port)")
        }
        let interfaces = observed.interfaces.compactMap { $0 }
        let files = networkFiles(interfaces: interfaces, hardwareAddress: observed.hardwareAddress)
        let changed = files.filter { observed.files[$0.key] != $0.value }
        let needsAddress = addressing != .none && !interfaces.isEmpty
        let isThere = observed.members.map { Set(interfaces).isSubset(of: $0) } ?? false
        let isAddressed = !needsAddress || observed.routed.contains(name)
        let stale = interfaces.filter { observed.routed.contains($0) }
        if changed.isEmpty, isThere, isAddressed, stale.isEmpty { return ItemPlan() }

        var plan = ItemPlan(note: interfaces.isEmpty ? "no ports" : interfaces.joined(separator: " "))
        if observed.made == nil { plan.actions.append(.remember(key, MadeItem(paths: files.keys.sorted()))) }
        for path in changed.keys.sorted() { plan.actions.append(.writeFile(path: path, content: changed[path] ?? [], mode: 0o644)) }
        plan.actions.append(Self.reload)
        // An address that a port keeps would answer, and be asked for, in the wrong place.
        let flush = interfaces.map { HostAction.run(Command("/usr/sbin/ip", ["-4", "address", "flush", "dev", $0])) }
        // A host that cannot be reached any more is worse than one without the bridge: what was not confirmed is put back.
        let undo: [HostAction] = files.keys.sorted().map { .removeFile(path: $0) } + [Self.delete(name), Self.reload]
        plan.actions.append(.confirmBridge(name: name, ports: interfaces, needsAddress: needsAddress, undo: undo))
        plan.actions += flush
        return plan
    }

    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        var actions: [HostAction] = made.paths.map { .removeFile(path: $0) }
        if NetworkInterfaces.members(of: name, in: host.root) != nil { actions.append(delete(name)) }
        return ItemPlan(actions + [reload, .forget(ItemKey(kind: kind, name: name))], note: "removed")
    }

    static let reload = HostAction.run(Command("/usr/bin/networkctl", ["reload"]))
    static func delete(_ name: String) -> HostAction { .run(Command("/usr/bin/networkctl", ["delete", name])) }

    /// Lower numbers than the initrd's own 05-boot.network: the first file that matches an interface is the one that counts (systemd.network(5)).
    static func paths(of name: String) -> [String] {
        ["02-bennu-\(name).netdev", "02-bennu-\(name).network", "03-bennu-\(name)-ports.network"].map { "/run/systemd/network/" + $0 }
    }

    /// A name that Linux takes (at most 15 bytes) and that is no pattern and no path in networkd's files.
    private static func check(_ name: String) throws(HostFailure) {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".utf8)
        guard (1...15).contains(name.utf8.count), name.utf8.allSatisfy(allowed.contains), name != ".", name != ".." else {
            throw HostFailure(.invalidItem, "\"\(name)\" is not an interface name of at most 15 letters, digits, - and _")
        }
    }
}
