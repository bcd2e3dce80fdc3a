package import Primitives

/// One subnet as the DHCP server serves it: made from a Subnet document and the reservations of Host documents.
package struct SubnetPlan: Sendable, Hashable {
    /// Who gives addresses here, and who says what to boot.
    package enum Mode: Sendable, Hashable {
        /// Both are ours.
        case server
        /// Another DHCP server gives the addresses; we say what to boot, beside its answers (ProxyDHCP, PXE 2.1).
        case proxy
        /// Both are another DHCP server's: nothing is answered.
        case external
    }

    package var name: String
    package var mode = Mode.server
    /// Subnets with the same name here are on one wire: where one has no address left, the next is used. `nil` is a wire of its own.
    package var sharedNetwork: String?
    package var prefix: IPv4Prefix
    /// Ranges that leases are taken from, in order. Never holds the network or the broadcast address.
    package var pools: [ClosedRange<IPv4Address>]
    package var routers: [IPv4Address]
    package var nameServers: [IPv4Address]
    package var timeServers: [IPv4Address]
    package var domainName: String?
    /// Option 121 (RFC 3442), in the order of the document.
    package var routes: [SubnetRoute] = []
    /// Further options, by code, as they stand on the wire.
    package var options: [UInt8: [UInt8]] = [:]
    /// Seconds.
    package var leaseTime: UInt32
    /// Addresses that belong to one hardware address and are never given to another.
    package var reservations: [HardwareAddress: IPv4Address]
    /// Addresses that belong to one machine whichever of its NICs asks. A hardware address that is reserved for goes before.
    package var uuidReservations: [UniversalUniqueIdentifier: IPv4Address]
    /// Addresses that belong to whoever sends this client identifier (option 61, hexadecimal).
    package var identifierReservations: [String: IPv4Address] = [:]
    /// Addresses that belong to whatever is at this switch port. A reservation by hardware address, UUID or identifier goes before.
    package var circuitReservations: [RelayCircuit: IPv4Address] = [:]
    /// Options of whoever is given this address, over those of the subnet.
    package var addressOptions: [IPv4Address: [UInt8: [UInt8]]] = [:]
    /// Options of one NIC, over all others.
    package var hostOptions: [HardwareAddress: [UInt8: [UInt8]]] = [:]
    /// Only hosts that a Host document speaks of get an answer.
    package var ignoresUnknownHosts: Bool
    /// No other server gives addresses here: a client that we know nothing of, and that speaks of an address we did not give, is told to
    /// begin again (RFC 2131 section 4.3.2).
    package var isAuthoritative = false
    /// Whether free addresses are probed before they are given (RFC 5227), and whether the wire is asked for other DHCP servers: where an
    /// interface of ours is on it.
    package var probesAddresses = false
    package var probesServers = false
    /// Replies to a relay may leave as one message, which the kernel cuts: where relays are other machines.
    package var joinsReplies = false
    /// Option 61 comes back in replies (RFC 6842), which some old clients choke on.
    package var repeatsClientIdentifier = true
    /// Boot file and server name end in a NUL in options 66 and 67.
    package var terminatesBootNames = true
    /// How many hosts that no document speaks of may hold an address, in all and at one relay circuit; `nil` is no limit.
    package var mostStrangers: Int?
    package var mostStrangersPerCircuit: Int?

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

/// A network and the router that leads to it; 0.0.0.0 when the network is on the client's own link.
package struct SubnetRoute: Sendable, Hashable {
    package var destination: IPv4Prefix
    package var router: IPv4Address
    package init(destination: IPv4Prefix, router: IPv4Address) { (self.destination, self.router) = (destination, router) }
}
