package import Primitives

/// What a host says of itself before anyone can prove it: its SMBIOS UUID and the hardware addresses of its NICs.
package struct HostClaims: Codable, Sendable, Hashable {
    package var uuid: UniversalUniqueIdentifier?
    /// Every hardware address seen or declared, in order of appearance.
    package var hardwareAddresses: [HardwareAddress]

    package init(uuid: UniversalUniqueIdentifier? = nil, hardwareAddresses: [HardwareAddress] = []) {
        (self.uuid, self.hardwareAddresses) = (uuid, hardwareAddresses)
    }

    /// The UUID when it can tell two hosts apart; `nil` for zero, all-one and the values that vendors ship on many boards.
    package var distinguishingUUID: UniversalUniqueIdentifier? {
        guard let uuid, !uuid.isUnset, !Self.vendorDefaults.contains(uuid) else { return nil }
        return uuid
    }

    /// UUIDs that board makers left in place on whole series.
    static let vendorDefaults: Set<UniversalUniqueIdentifier> = Set(
        [
            "03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc",
            "00020003-0004-0005-0006-000700080009", "fefefefe-fefe-fefe-fefe-fefefefefefe",
            "4c4c4544-0000-2010-8020-80c04f202020", "00112233-4455-6677-8899-aabbccddeeff",
        ].compactMap { UniversalUniqueIdentifier($0) })
}
