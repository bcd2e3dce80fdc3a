import Primitives

/// Written by hand, so that a later version can add fields to a mode: what the compiler derives takes no other key beside the case.
extension Bridge.Addressing: Codable {
    private enum Field: String, CodingKey { case mode, addresses, gateway, nameServers }

    private enum Mode: String, Codable { case none, dhcp, fixed }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        switch try fields.decode(Mode.self, forKey: .mode) {
        case .none: self = .none
        case .dhcp: self = .dhcp
        case .fixed:
            self = .fixed(
                try fields.decode([IPv4Interface].self, forKey: .addresses),
                gateway: try fields.decodeIfPresent(IPv4Address.self, forKey: .gateway),
                nameServers: try fields.decodeIfPresent([IPv4Address].self, forKey: .nameServers) ?? [])
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Field.self)
        switch self {
        case .none: try fields.encode(Mode.none, forKey: .mode)
        case .dhcp: try fields.encode(Mode.dhcp, forKey: .mode)
        case .fixed(let addresses, let gateway, let nameServers):
            try fields.encode(Mode.fixed, forKey: .mode)
            try fields.encode(addresses, forKey: .addresses)
            try fields.encodeIfPresent(gateway, forKey: .gateway)
            try fields.encode(nameServers, forKey: .nameServers)
        }
    }
}
