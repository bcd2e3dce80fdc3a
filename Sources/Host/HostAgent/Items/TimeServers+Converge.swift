package import HostContract

/// The time servers, as an item of its own in reports: a drop-in for systemd-timesyncd.
package struct TimeServers: SettingsItem {
    package static let kind = "time-servers"
    package static let effect = SettingsEffect.live
    package var servers: [String]
    package var name: String { "timesyncd" }
    package init(_ servers: [String]) { self.servers = servers }

    static let file = "/run/systemd/timesyncd.conf.d/50-bennu.conf"
    static let restart = HostAction.run(Command("/usr/bin/systemctl", ["--no-block", "try-restart", "systemd-timesyncd.service"]))
}

extension TimeServers: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        package var file: [UInt8]?
        package var made: MadeItem?
        package init(file: [UInt8]?, made: MadeItem? = nil) { (self.file, self.made) = (file, made) }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        Observed(file: try host.root.read(Self.file), made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        for server in servers where server.isEmpty || server.utf8.contains(where: { $0 <= 32 || $0 > 126 }) {
            throw HostFailure(.invalidItem, "\"\(server.prefix(80))\" is not the name or address of a time server")
        }
        // An empty assignment first: the image's own servers are not asked as well (timesyncd.conf(5)).
        let content = Array("[Time]\nNTP=\nNTP=\(servers.joined(separator: " "))\n".utf8)
        guard observed.file != content else { return ItemPlan() }
        let remember: [HostAction] = observed.made == nil ? [.remember(key, MadeItem(paths: [Self.file]))] : []
        return ItemPlan(
            remember + [.writeFile(path: Self.file, content: content, mode: 0o644), Self.restart], note: servers.joined(separator: " "))
    }

    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        ItemPlan([.removeFile(path: file), restart, .forget(ItemKey(kind: kind, name: name))], note: "removed")
    }
}
