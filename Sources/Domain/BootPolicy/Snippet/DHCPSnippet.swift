import DHCPWire

/// The part of another DHCP server's configuration that lets its clients boot from ours. It gives no addresses and changes none.
package struct DHCPSnippet: Sendable, Hashable {
    package enum Server: String, Sendable, CaseIterable {
        case kea, dnsmasq
        case iscDHCPD = "isc-dhcpd"
    }

    package let classes: [BootClass]
    package let servers: ServerAddresses

    package init(loaders: LoaderTable = .ipxe, servers: ServerAddresses) {
        self.servers = servers
        classes = BootClass.all(loaders: loaders, servers: servers)
    }

    package func text(for server: Server) -> String {
        let lines =
            switch server {
            case .kea: kea
            case .dnsmasq: dnsmasq
            case .iscDHCPD: iscDHCPD
            }
        return lines.joined(separator: "\n") + "\n"
    }

    static let withoutProxyDHCP = IPXEOptions.withoutProxyDHCP

    func introduction(_ mark: String, _ use: String) -> [String] {
        [
            "\(mark) Whoever boots is sent to Bennu's boot server: \(servers.httpBase), and TFTP at \(servers.tftp).",
            "\(mark) \(use)",
            "\(mark) Addresses, routers and names stay as they are. Made by: bennu dhcp snippet",
        ]
    }
}
