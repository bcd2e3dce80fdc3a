import DatagramIO
import Foundation

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

    var ports: [(Int, PortHolder.Transport, String)] {
        var ports: [(Int, PortHolder.Transport, String)] = []
        if roles.contains(.dhcp) { ports += [(dhcpPort, .udp, "DHCP"), (proxyPort, .udp, "ProxyDHCP")] }
        if roles.contains(.boot) { ports += [(tftpPort, .udp, "TFTP"), (httpPort, .tcp, "HTTP")] }
        if roles.contains(.configuration) { ports.append((configurationPort, .tcp, "configuration")) }
        return ports
    }
}
