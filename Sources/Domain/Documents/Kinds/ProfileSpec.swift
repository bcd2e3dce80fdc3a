package import FleetModel
package import HostContract

/// Kind Profile: settings that many hosts share.
package struct ProfileSpec: Sendable, Hashable {
    package var image: ImageReference?
    package var upgrade: UpgradePolicy?
    /// Without host name and guests, which belong to one host.
    package var settings: HostSettings

    package init(image: ImageReference? = nil, upgrade: UpgradePolicy? = nil, settings: HostSettings = HostSettings()) {
        (self.image, self.upgrade, self.settings) = (image, upgrade, settings)
    }
}

extension ProfileSpec {
    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["image", "upgrade"] + SettingsFields.names) else { return nil }
        self.init(image: fields["image"]?.value(), upgrade: UpgradePolicy(reading: fields["upgrade"]), settings: SettingsFields.read(fields))
    }

    /// A list of names of Profile documents.
    static func names(_ cursor: Cursor?) -> [String] {
        cursor?.list(of: "names of profiles", uniqueBy: \.self) { $0.mark().parsed(Rules.nameExpectation, Rules.name) } ?? []
    }
}
