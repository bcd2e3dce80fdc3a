import BootPolicy
package import DatagramIO
package import Primitives

/// One served interface with its socket. A class: every reply carries it along.
package final class Endpoint: Sendable {
    package let socket: UDPSocket
    package let packets: PacketSocket
    package let interfaceIndex: UInt32
    /// Ours there, the one first that stands in option 54 where none lies in the client's subnet.
    package let addresses: [IPv4Address]
    /// It is ProxyDHCP's port 4011 (PXE 2.1 section 2.2.1), where no address is given.
    package let isProxyPort: Bool

    package init(socket: UDPSocket, packets: PacketSocket, interfaceIndex: UInt32, addresses: [IPv4Address], isProxyPort: Bool = false) {
        self.isProxyPort = isProxyPort
        (self.socket, self.packets) = (socket, packets)
        (self.interfaceIndex, self.addresses) = (interfaceIndex, addresses)
    }

    package var address: IPv4Address { addresses.first ?? .any }

    /// Opens all or none: the DHCP port of each interface, in their order, then ProxyDHCP's of each. The sockets belong to the network namespace of the calling thread.
    package static func open(_ configuration: DHCPServerConfiguration) throws -> [Endpoint] {
        guard !configuration.interfaces.isEmpty else { throw DHCPServerError.noInterfaces }
        let packets = try PacketSocket()
        let endpoints = try configuration.interfaces.map { wanted in
            guard let interface = try NetworkInterface.named(wanted.name) else { throw DHCPServerError.interfaceMissing(wanted.name) }
            var addresses = interface.addresses.map(\.address)
            guard let first = addresses.first else { throw DHCPServerError.interfaceWithoutAddress(wanted.name) }
            let own = wanted.address ?? first
            guard addresses.contains(own) else { throw DHCPServerError.notAnAddressOfInterface(own, wanted.name) }
            addresses.removeAll { $0 == own }
            let socket = try UDPSocket(interface: wanted.name, port: configuration.port, receiveBuffer: 4 << 20)
            return Endpoint(socket: socket, packets: packets, interfaceIndex: interface.index, addresses: [own] + addresses)
        }
        let proxies = try zip(endpoints, configuration.interfaces).map { endpoint, wanted in
            Endpoint(
                socket: try UDPSocket(interface: wanted.name, port: configuration.proxyPort), packets: packets,
                interfaceIndex: endpoint.interfaceIndex, addresses: endpoint.addresses, isProxyPort: true)
        }
        return endpoints + proxies
    }

    func servers(_ configuration: DHCPServerConfiguration) -> ServerAddresses {
        ServerAddresses(identifier: address, tftp: configuration.tftpAddress, httpPort: configuration.httpPort)
    }
}
