package import FleetModel
package import Primitives

/// `bennu host accept` and `bennu host set`: fields that are `nil` stay as they are.
package struct HostEdit: Codable, Sendable, Hashable {
    package var name: String?
    package var image: String?
    package var profiles: [String]?
    package var address: IPv4Address?

    package init(name: String? = nil, image: String? = nil, profiles: [String]? = nil, address: IPv4Address? = nil) {
        (self.name, self.image, self.profiles, self.address) = (name, image, profiles, address)
    }
}

/// The boot timeline of one boot: `bennu host timeline`.
package struct Timeline: Codable, Sendable, Hashable {
    package var host: HostID
    package var name: String?
    package var boot: BootRecord?
    package var events: [BootEvent]
    package init(host: HostID, name: String?, boot: BootRecord?, events: [BootEvent]) {
        (self.host, self.name, self.boot, self.events) = (host, name, boot, events)
    }
}
