/// A DHCP option's code (RFC 2132; IANA "BOOTP Vendor Extensions and DHCP Options"). Open: an unknown code is ordinary input.
package struct DHCPOptionCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package init(_ rawValue: UInt8) { self.rawValue = rawValue }
}

extension DHCPOptionCode {
    // RFC 2132
    package static let pad = Self(0)
    package static let subnetMask = Self(1)
    package static let router = Self(3)
    package static let domainNameServer = Self(6)
    package static let hostName = Self(12)
    package static let domainName = Self(15)
    package static let rootPath = Self(17)
    package static let interfaceMTU = Self(26)
    package static let broadcastAddress = Self(28)
    package static let staticRoutes = Self(33)
    package static let networkTimeServers = Self(42)
    package static let vendorSpecificInformation = Self(43)
    package static let requestedAddress = Self(50)
    package static let leaseTime = Self(51)
    package static let overload = Self(52)
    package static let messageType = Self(53)
    package static let serverIdentifier = Self(54)
    package static let parameterRequestList = Self(55)
    package static let message = Self(56)
    package static let maximumMessageSize = Self(57)
    package static let renewalTime = Self(58)
    package static let rebindingTime = Self(59)
    package static let vendorClassIdentifier = Self(60)
    package static let clientIdentifier = Self(61)
    package static let tftpServerName = Self(66)
    package static let bootFileName = Self(67)
    package static let end = Self(255)
    /// RFC 3004
    package static let userClass = Self(77)
    /// RFC 4039
    package static let rapidCommit = Self(80)
    /// RFC 4702
    package static let clientFullyQualifiedDomainName = Self(81)
    /// RFC 3046
    package static let relayAgentInformation = Self(82)
    // RFC 4578
    package static let clientArchitecture = Self(93)
    package static let clientNetworkInterface = Self(94)
    package static let clientMachineIdentifier = Self(97)
    /// RFC 3011
    package static let subnetSelection = Self(118)
    /// RFC 3397
    package static let domainSearch = Self(119)
    /// RFC 3442
    package static let classlessStaticRoutes = Self(121)
    /// Etherboot's and iPXE's encapsulated options; the registry marks it as tentatively assigned.
    package static let ipxeEncapsulated = Self(175)
}

extension DHCPOptionCode: CustomStringConvertible {
    package var description: String { "option \(rawValue)" }
}
