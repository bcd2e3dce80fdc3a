package import FleetModel
import HashTreeCollections

extension FleetState {
    /// Loaders that one boot may fetch before it is called a loop: a firmware whose network was bad for a moment has its second chance.
    static let mostLoaders = 5

    /// Counts the network boot programs that a boot fetched without asking for a script. A program that does not fit the host starts nothing,
    /// or starts what asks for it again, for ever; nothing else shows that from here. Returns the event that says so, once a boot.
    package mutating func countLoader(_ event: BootEvent) -> BootEvent? {
        // A script that a program fetches beside itself is no second program.
        guard event.name == "loader-sent", event.attributes["name"]?.hasSuffix(".ipxe") != true, let host = event.host, var record = hosts[host],
            var boot = record.boot, boot.id == event.boot,
            boot.phase <= .loader
        else { return nil }
        let count = (boot.loadersSent ?? 0) &+ 1
        boot.loadersSent = count
        record.boot = boot
        put(record)
        guard count == Self.mostLoaders else { return nil }
        let name = event.attributes["name"] ?? "the network boot program"
        return BootEvent(
            host: host, boot: boot.id, time: event.time, source: .fleet, name: "boot-loop",
            detail:
                "\(name) was fetched \(count) times since this boot began and no script was asked for: it does not start on this firmware, or starts over"
        )
    }
}
