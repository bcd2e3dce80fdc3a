/// What a DHCP message asks or answers (RFC 2132 section 9.6, option 53). Open: leasequery and later types pass through.
package struct DHCPMessageType: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let discover = Self(rawValue: 1)
    package static let offer = Self(rawValue: 2)
    package static let request = Self(rawValue: 3)
    package static let decline = Self(rawValue: 4)
    package static let acknowledgement = Self(rawValue: 5)
    package static let negativeAcknowledgement = Self(rawValue: 6)
    package static let release = Self(rawValue: 7)
    package static let inform = Self(rawValue: 8)
}

extension DHCPMessageType: CustomStringConvertible {
    /// The name as the RFC and every packet dump print it: `DHCPDISCOVER`.
    package var description: String {
        let names = [
            "DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPDECLINE", "DHCPACK", "DHCPNAK", "DHCPRELEASE", "DHCPINFORM",
        ]
        return (1...names.count).contains(Int(rawValue)) ? names[Int(rawValue) - 1] : "DHCP message type \(rawValue)"
    }
}
