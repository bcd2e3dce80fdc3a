import DatagramIO
import Foundation
import Primitives

/// What one server process is to do: the command line, read.
struct ServePlan: Sendable {
    enum Role: String, Sendable, CaseIterable { case dhcp, boot, configuration, `operator` }

    var data: String
    var interfaceNames: [String]
    var documents: [String]
    /// Directories in OCI layout to bring in at start.
    var images: [String] = []
    var allowsNoImage = false
    var roles: Set<Role>
    var socket: String
    var site: String
    var httpPort: Int
    var configurationPort: Int
    /// How hosts that hang are started anew, and after how many seconds.
    var power: (program: String, patience: Int)?
    var tftpPort: Int = 69
    /// Whether TFTP answers from that port alone.
    var tftpOnSinglePort = false
    var dhcpPort: Int = 67
    var proxyPort: Int = 4011

    /// The named interfaces that exist, in the order named.
    var interfaces: [NetworkInterface] {
        let present = (try? NetworkInterface.all()) ?? []
        return interfaceNames.compactMap { name in present.first { $0.name == name } }
    }

    /// Where boot and configuration server listen: at each address of the one interface, since hosts may be told any of them; where several
    /// interfaces are served, at every address of this computer.
    var listenAddresses: [IPv4Address] {
        let interfaces = interfaces
        guard interfaces.count == 1, let addresses = interfaces.first?.addresses, !addresses.isEmpty else { return [.any] }
        // One address may be there twice, with prefixes of two lengths.
        return addresses.map(\.address).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    var ports: [(Int, PortHolder.Transport, String)] {
        var ports: [(Int, PortHolder.Transport, String)] = []
        if roles.contains(.dhcp) { ports += [(dhcpPort, .udp, "DHCP"), (proxyPort, .udp, "ProxyDHCP")] }
        if roles.contains(.boot) { ports += [(tftpPort, .udp, "TFTP"), (httpPort, .tcp, "HTTP")] }
        if roles.contains(.configuration) { ports.append((configurationPort, .tcp, "configuration")) }
        return ports
    }
}
