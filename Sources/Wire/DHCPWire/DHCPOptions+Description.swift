import Primitives

extension DHCPOptionCode {
    /// As people call it: `router`; `option 224` for one that has no name here.
    package var name: String { Self.shapes[self]?.name ?? description }

    enum Shape { case address, text, number, flag, codes, bytes }

    static let shapes: [DHCPOptionCode: (name: String, shape: Shape)] = [
        .subnetMask: ("subnet mask", .address), .router: ("router", .address), .domainNameServer: ("name server", .address),
        .hostName: ("host name", .text), .domainName: ("domain name", .text), .rootPath: ("root path", .text), .interfaceMTU: ("MTU", .number),
        .broadcastAddress: ("broadcast address", .address), .networkTimeServers: ("time server", .address),
        .vendorSpecificInformation: ("vendor specific", .bytes), .requestedAddress: ("requested address", .address),
        .leaseTime: ("lease time", .number), .overload: ("overload", .number), .messageType: ("message type", .number),
        .serverIdentifier: ("server identifier", .address), .parameterRequestList: ("asks for", .codes), .message: ("message", .text),
        .maximumMessageSize: ("maximum message size", .number), .renewalTime: ("renewal time", .number),
        .rebindingTime: ("rebinding time", .number), .vendorClassIdentifier: ("vendor class", .text),
        .clientIdentifier: ("client identifier", .bytes), .tftpServerName: ("TFTP server", .text), .bootFileName: ("boot file", .text),
        .userClass: ("user class", .text), .rapidCommit: ("rapid commit", .flag), .clientFullyQualifiedDomainName: ("client FQDN", .bytes),
        .relayAgentInformation: ("relay agent", .bytes), .clientArchitecture: ("architecture", .number),
        .clientNetworkInterface: ("network interface", .bytes), .clientMachineIdentifier: ("machine identifier", .bytes),
        .subnetSelection: ("subnet selection", .address), .domainSearch: ("domain search", .bytes),
        .classlessStaticRoutes: ("routes", .bytes), .ipxeEncapsulated: ("iPXE", .bytes),
    ]
}

extension DHCPOptions {
    /// The value for people, on one line of printable ASCII; what does not have the shape that its code should have is hexadecimal.
    package func description(of code: DHCPOptionCode) -> String {
        let bytes = self[code] ?? []
        switch DHCPOptionCode.shapes[code]?.shape ?? .bytes {
        case .address where !bytes.isEmpty && bytes.count % 4 == 0: return addresses(code).map(\.description).joined(separator: ", ")
        case .text where bytes.allSatisfy { (32...126).contains($0) || $0 == 0 }: return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        case .number where (1...4).contains(bytes.count): return "\(bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })"
        case .codes: return bytes.map { "\($0)" }.joined(separator: ", ")
        case .flag where bytes.isEmpty: return "yes"
        default: return Hexadecimal.encode(bytes)
        }
    }
}
