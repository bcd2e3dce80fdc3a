import DHCPWire
package import Primitives

/// Where and how the DHCP server serves.
package struct DHCPServerConfiguration: Sendable, Hashable {
    /// An interface whose link is served. Nothing is ever answered on another one.
    package struct Interface: Sendable, Hashable {
        package var name: String
        /// Our address there; `nil` takes the interface's first.
        package var address: IPv4Address?
        package init(_ name: String, address: IPv4Address? = nil) { (self.name, self.address) = (name, address) }
    }

    package var interfaces: [Interface]
    /// Of the boot server's HTTP listener.
    package var httpPort: UInt16
    /// Where TFTP is served; `nil` is our address on each interface.
    package var tftpAddress: IPv4Address?
    /// 67; 0 takes a free one, for tests.
    package var port: UInt16
    /// ProxyDHCP's: 4011; 0 takes a free one.
    package var proxyPort: UInt16
    package var clientPort: UInt16
    /// Seconds that an offer is held for its client.
    package var offerTime: UInt32
    /// Seconds that nobody gets an address which was declined.
    package var quarantineTime: UInt32
    /// Milliseconds that machines have to answer what we ask on the wire.
    package var probeTime: Int32 = 1000
    /// Changes that may wait for the disk; a request beyond gets no answer and is repeated by its client.
    package var commitQueueLimit: Int

    package init(
        interfaces: [Interface], httpPort: UInt16, tftpAddress: IPv4Address? = nil,
        port: UInt16 = DHCPMessage.serverPort, proxyPort: UInt16? = nil,
        clientPort: UInt16 = DHCPMessage.clientPort, offerTime: UInt32 = 60,
        quarantineTime: UInt32 = 3600, commitQueueLimit: Int = 4096
    ) {
        (self.interfaces, self.httpPort, self.tftpAddress) = (interfaces, httpPort, tftpAddress)
        (self.port, self.clientPort) = (port, clientPort)
        // Whoever takes a free port for the one takes it for the other.
        self.proxyPort = proxyPort ?? (port == 0 ? 0 : DHCPMessage.proxyPort)
        (self.offerTime, self.quarantineTime, self.commitQueueLimit) = (offerTime, quarantineTime, commitQueueLimit)
    }
}

/// Why the server cannot start.
package enum DHCPServerError: Error, Hashable, Sendable {
    case noInterfaces
    case interfaceMissing(String)
    case interfaceWithoutAddress(String)
    case notAnAddressOfInterface(IPv4Address, String)
}

extension DHCPServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noInterfaces: "cannot serve DHCP: no interface is named"
        case .interfaceMissing(let name): "cannot serve DHCP on \(name): there is no such interface; see ip link"
        case .interfaceWithoutAddress(let name): "cannot serve DHCP on \(name): it has no IPv4 address; see ip address"
        case .notAnAddressOfInterface(let address, let name):
            "cannot serve DHCP on \(name): \(address) is not one of its addresses; see ip address"
        }
    }
}
