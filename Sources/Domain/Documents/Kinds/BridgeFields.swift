import HostContract
import Primitives

extension SettingsFields {
    /// Bridges, whose ports may be in one bridge only.
    static func bridges(_ cursor: Cursor?) -> [Bridge] {
        var owners: [String: String] = [:]
        return cursor?.list(of: "bridges", uniqueBy: \.name) { bridge($0, owners: &owners) } ?? []
    }

    private static func bridge(_ cursor: Cursor, owners: inout [String: String]) -> Bridge? {
        guard let fields = cursor.fields(["name", "ports", "dhcp", "addresses", "gateway", "nameServers", "mtu"]) else { return nil }
        let name = fields.required("name", example: "br0")?.parsed("an interface name of at most 15 bytes like br0", Rules.interfaceName)
        var ports: [String] = []
        for (port, place) in portList(fields["ports"]) {
            if let owner = owners[port] {
                place.report(.claimedTwice, "port \(port) is already in \(owner)", hint: "a port belongs to one bridge")
            } else {
                owners[port] = name.map { "bridge \($0)" } ?? cursor.path
                ports.append(port)
            }
        }
        let addressing = addressing(fields)
        // 68 is the least that IPv4 works with (RFC 791 section 3.2), 65535 the most that Linux sets.
        let mtu = fields["mtu"]?.integer(in: 68...65_535, "bytes,")
        guard let name else { return nil }
        return Bridge(name: name, ports: ports, addressing: addressing, mtu: mtu)
    }

    /// `boot`, a hardware address in its one printed form, or an interface name.
    private static func portList(_ cursor: Cursor?) -> [(String, Cursor)] {
        cursor?.list(of: "ports") { item in
            let port = item.parsed("an interface name, a hardware address or boot") { text in
                HardwareAddress(text)?.description ?? Rules.interfaceName(text)
            }
            return port.map { ($0, item) }
        } ?? []
    }

    private static func addressing(_ fields: Fields) -> Bridge.Addressing {
        let usesDHCP = fields["dhcp"]?.flag() ?? false
        let addresses = fields["addresses"]?.list(of: "addresses like 10.0.0.7/24", IPv4Interface.self) ?? []
        let gateway = fields["gateway"]?.value(IPv4Address.self)
        let nameServers = fields["nameServers"]?.list(of: "IPv4 addresses", IPv4Address.self) ?? []
        if usesDHCP {
            for fixed in ["addresses", "gateway", "nameServers"] {
                fields[fixed]?.report(.conflictingFields, "\(fixed) cannot be given together with dhcp: true", hint: "remove one of them")
            }
            return .dhcp
        }
        guard fields["addresses"] != nil else {
            for needing in ["gateway", "nameServers"] {
                fields[needing]?.report(.conflictingFields, "\(needing) needs addresses", hint: "write addresses: [10.0.0.7/24]")
            }
            return .none
        }
        if let gateway, !addresses.isEmpty, !addresses.contains(where: { $0.prefix.contains(gateway) }) {
            fields["gateway"]?.report(.invalidValue, "\(gateway) is on none of the bridge's networks")
        }
        return addresses.isEmpty ? .none : .fixed(addresses, gateway: gateway, nameServers: nameServers)
    }
}
