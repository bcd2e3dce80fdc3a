package import AddressPlan
package import BootPolicy
package import DHCPWire
package import Primitives

/// How a message came to us.
package struct Arrival: Sendable, Hashable {
    /// By the interface's first address.
    package var servers: ServerAddresses
    package var interfaceAddresses: [IPv4Address]
    package var wasBroadcast: Bool
    /// Who sent it to ProxyDHCP's own port; `nil` for what came to DHCP's.
    package var proxySender: IPv4Address?

    package init(servers: ServerAddresses, interfaceAddresses: [IPv4Address], wasBroadcast: Bool, proxySender: IPv4Address? = nil) {
        self.proxySender = proxySender
        (self.servers, self.interfaceAddresses, self.wasBroadcast) = (servers, interfaceAddresses, wasBroadcast)
    }
    /// As whom a client is answered (RFC 2131 section 4.1): on this link by the interface's address in the subnet that it is given an address in,
    /// which it reaches without a router; else by the interface's first. An interface has one address or a few: to look at them costs less than a
    /// table would.
    package func servers(answering request: DHCPMessage, in subnet: SubnetPlan) -> ServerAddresses {
        guard interfaceAddresses.count > 1, request.relayAddress.isAny, let near = interfaceAddresses.first(where: { subnet.prefix.contains($0) })
        else { return servers }
        return servers.reached(at: near)
    }
}
