/// An option that has a name here, as the RFC says what its value is: it can be given nothing else, by name or by code.
struct KnownDHCPOption {
    /// Of the values that the type has, those that the option may have.
    enum Limit {
        case none, oneAddress
        /// Each an address and its mask.
        case addressPairs
        /// Pairs, of which no first is 0.0.0.0.
        case hostRoutes
        case atLeast(Int)
        case oneOf([Int])
    }

    let code: UInt8
    let format: DHCPOptionFields.Format
    let limit: Limit

    private init(_ code: UInt8, _ format: DHCPOptionFields.Format, _ limit: Limit = .none) {
        (self.code, self.format, self.limit) = (code, format, limit)
    }

    /// RFC 2132 where nothing else is said.
    static let named: [String: KnownDHCPOption] = [
        "timeOffset": .init(2, .signed32), "logServers": .init(7, .addresses), "hostName": .init(12, .text), "rootPath": .init(17, .text),
        // Section 5.1: 68 is the least.
        "interfaceMTU": .init(26, .unsigned16, .atLeast(68)), "broadcastAddress": .init(28, .addresses, .oneAddress),
        // Section 4.3: address and mask. Sections 4.4 and 4.5: the least.
        "policyFilter": .init(21, .addresses, .addressPairs), "maximumReassemblySize": .init(22, .unsigned16, .atLeast(576)),
        "ipTimeToLive": .init(23, .unsigned8, .atLeast(1)),
        // Section 5.8: destination and router, one host each; a default route is none.
        "staticRoutes": .init(33, .addresses, .hostRoutes),
        // Section 7.1
        "tcpTimeToLive": .init(37, .unsigned8, .atLeast(1)),
        "nisDomain": .init(40, .text), "nisServers": .init(41, .addresses), "vendorSpecific": .init(43, .hex),
        "netbiosNameServers": .init(44, .addresses), "netbiosDatagramServers": .init(45, .addresses),
        // Section 8.7: B-, P-, M- and H-node.
        "netbiosNodeType": .init(46, .unsigned8, .oneOf([1, 2, 4, 8])), "netbiosScope": .init(47, .text),
        // RFC 4833
        "posixTimeZone": .init(100, .text), "timeZone": .init(101, .text),
        // RFC 8925, RFC 8910, RFC 3397
        "ipv6OnlyPreferred": .init(108, .unsigned32), "captivePortal": .init(114, .text), "domainSearch": .init(119, .names),
        // RFC 5417, RFC 5859
        "capwapControllers": .init(138, .addresses), "tftpServers": .init(150, .addresses),
        // RFC 5071
        "pxelinuxConfigFile": .init(209, .text), "pxelinuxPathPrefix": .init(210, .text), "pxelinuxRebootTime": .init(211, .unsigned32),
        // No RFC, but what every browser takes it for.
        "webProxyURL": .init(252, .text),
    ]

    static let names = Dictionary(uniqueKeysWithValues: named.map { ($0.value.code, $0.key) })
}

extension KnownDHCPOption.Limit {
    /// Several destinations may have one router.
    var allowsRepeats: Bool {
        switch self {
        case .addressPairs, .hostRoutes: true
        default: false
        }
    }

    /// What is expected; `nil` where the bytes are such.
    func broken(by bytes: [UInt8]) -> String? {
        let number = bytes.reduce(0) { $0 << 8 | Int($1) }
        switch self {
        case .oneAddress where bytes.count != 4: return "one address"
        case .addressPairs where bytes.count % 8 != 0: return "pairs of addresses, an address and its mask"
        case .hostRoutes where bytes.count % 8 != 0: return "pairs of addresses, a destination and its router"
        case .hostRoutes where stride(from: 0, to: bytes.count, by: 8).contains { bytes[$0..<$0 + 4].allSatisfy { $0 == 0 } }:
            return "routes to hosts, and no default route, which is written into routers or routes"
        case .atLeast(let least) where number < least: return "at least \(least)"
        case .oneOf(let values) where !values.contains(number): return "one of \(values.map(String.init).joined(separator: ", "))"
        default: return nil
        }
    }
}

extension DHCPOptionFields.Format {
    /// For the operator.
    var what: String {
        switch self {
        case .text: "text"
        case .hex: "bytes in hexadecimal"
        case .addresses: "a list of IPv4 addresses"
        case .names: "a list of domain names"
        case .flag: "true or false"
        case .unsigned8: "a number of 8 bits"
        case .unsigned16: "a number of 16 bits"
        case .unsigned32: "a number of 32 bits"
        case .signed32: "a number of 32 bits with a sign"
        }
    }

    /// Whether bytes that were given in hexadecimal are a value of this type. Names are not looked into: they may be compressed.
    func canBe(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .text: !bytes.contains(0)
        case .hex, .names: true
        case .addresses: bytes.count % 4 == 0
        case .flag: bytes == [0] || bytes == [1]
        case .unsigned8: bytes.count == 1
        case .unsigned16: bytes.count == 2
        case .unsigned32, .signed32: bytes.count == 4
        }
    }
}
