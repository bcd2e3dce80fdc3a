package import BootPolicy
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
}
