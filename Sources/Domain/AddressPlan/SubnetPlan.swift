package import Primitives

/// One subnet as the DHCP server serves it: made from a Subnet document and the reservations of Host documents.
package struct SubnetPlan: Sendable, Hashable {
    package var name: String
    package var prefix: IPv4Prefix
    /// Ranges that leases are taken from, in order. Never holds the network or the broadcast address.
    package var pools: [ClosedRange<IPv4Address>]
    package var routers: [IPv4Address]
    package var nameServers: [IPv4Address]
    package var timeServers: [IPv4Address]
    package var domainName: String?
    /// Seconds.
    package var leaseTime: UInt32
    /// Addresses that belong to one hardware address and are never given to another.
    package var reservations: [HardwareAddress: IPv4Address]
    /// Addresses that belong to one machine whichever of its NICs asks. A hardware address that is reserved for goes before.
    package var uuidReservations: [UniversalUniqueIdentifier: IPv4Address]
    /// Only hosts that a Host document speaks of get an answer.
    package var ignoresUnknownHosts: Bool

    package init(
        name: String, prefix: IPv4Prefix, pools: [ClosedRange<IPv4Address>], routers: [IPv4Address] = [], nameServers: [IPv4Address] = [],
        timeServers: [IPv4Address] = [], domainName: String? = nil, leaseTime: UInt32 = 3600,
        reservations: [HardwareAddress: IPv4Address] = [:], uuidReservations: [UniversalUniqueIdentifier: IPv4Address] = [:],
        ignoresUnknownHosts: Bool = false
    ) {
        (self.name, self.prefix, self.pools, self.routers) = (name, prefix, pools, routers)
        (self.nameServers, self.timeServers, self.domainName) = (nameServers, timeServers, domainName)
        (self.leaseTime, self.reservations, self.uuidReservations) = (leaseTime, reservations, uuidReservations)
        self.ignoresUnknownHosts = ignoresUnknownHosts
    }
}
