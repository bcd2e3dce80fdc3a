package import FleetModel
package import HostContract
package import Primitives

/// Kind Host: one physical server.
package struct HostSpec: Sendable, Hashable {
    /// How the server is recognized: at least one of UUID and hardware addresses.
    package var uuid: UniversalUniqueIdentifier?
    package var hardwareAddresses: [HardwareAddress]
    /// A reservation: the address that only this host gets.
    package var address: IPv4Address?
    /// DHCP options of its NICs, as bytes by code.
    package var options: [UInt8: [UInt8]] = [:]
    /// `nil` means the document's name.
    package var hostName: String?
    package var image: ImageReference?
    /// Names of Profile documents, later ones over earlier ones.
    package var profiles: [String]
    /// Instead of that of its profiles.
    package var upgrade: UpgradePolicy?
    /// Of this host alone, over all profiles. Its host name and guests are not used here.
    package var settings: HostSettings

    package init(
        uuid: UniversalUniqueIdentifier? = nil, hardwareAddresses: [HardwareAddress] = [], address: IPv4Address? = nil,
        hostName: String? = nil, image: ImageReference? = nil, profiles: [String] = [], upgrade: UpgradePolicy? = nil,
        settings: HostSettings = HostSettings()
    ) {
        (self.uuid, self.hardwareAddresses, self.address, self.hostName) = (uuid, hardwareAddresses, address, hostName)
        (self.image, self.profiles, self.upgrade, self.settings) = (image, profiles, upgrade, settings)
    }

    package var claims: HostClaims { HostClaims(uuid: uuid, hardwareAddresses: hardwareAddresses) }
}

extension HostSpec {
    static let known = ["uuid", "hardwareAddresses", "address", "options", "hostName", "image", "profiles", "upgrade"] + SettingsFields.names

    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(Self.known) else { return nil }
        let uuid = fields["uuid"]?.mark().value(UniversalUniqueIdentifier.self)
        if let uuid, HostClaims(uuid: uuid).distinguishingUUID == nil {
            fields["uuid"]?.report(
                .invalidValue, "\(uuid) is on many boards and tells no host from another", hint: "give hardwareAddresses instead")
        }
        let addresses = fields["hardwareAddresses"]?.list(of: "hardware addresses", uniqueBy: \.description, Self.hardwareAddress) ?? []
        if fields["uuid"] == nil, addresses.isEmpty, fields["hardwareAddresses"]?.isEmptyList ?? true {
            cursor.report(
                .missingField, "nothing tells which server this is: uuid and hardwareAddresses are both missing",
                hint: "write hardwareAddresses: [52:54:00:12:34:56], or uuid")
        }
        self.init(
            uuid: uuid, hardwareAddresses: addresses, address: fields["address"]?.mark().value(),
            hostName: fields["hostName"]?.mark().parsed("a host name of at most 64 bytes of a-z, 0-9, '-' and '.'") {
                $0.utf8.count <= 64 ? Rules.name($0) : nil
            },
            image: fields["image"]?.mark().value(), profiles: ProfileSpec.names(fields["profiles"]),
            upgrade: UpgradePolicy(reading: fields["upgrade"]), settings: SettingsFields.read(fields))
        options = DHCPOptionFields.read(fields["options"])
    }

    /// One that a host can have: neither zero nor a group address.
    static func hardwareAddress(_ cursor: Cursor) -> HardwareAddress? {
        guard let address = cursor.mark().value(HardwareAddress.self) else { return nil }
        guard !address.isZero, !address.isGroup else {
            cursor.report(.invalidValue, "\(address) is \(address.isZero ? "zero" : "a group address"), which no interface has")
            return nil
        }
        return address
    }
}

extension Cursor {
    var isEmptyList: Bool {
        guard case .sequence(let nodes, _) = node.value else { return false }
        return nodes.isEmpty
    }
}
