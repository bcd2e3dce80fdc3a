package import FleetModel
package import Primitives

/// One line of `bennu lease list`.
package struct LeaseSummary: Codable, Sendable, Hashable {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// Held for a client that was sent a DHCPOFFER; in memory only.
        case offered
        case bound
        /// Was bound, and its time is over.
        case expired
        case released
        /// Found in use by something else: given to nobody until it expires.
        case declined
    }

    package var address: IPv4Address
    package var state: State
    package var hardwareAddress: HardwareAddress
    /// Seconds since 1970; `nil` for a lease without an end.
    package var expires: Int64?
    /// Of the Subnet document; `nil` where none holds the address any more.
    package var subnet: String?
    /// `nil` for what is no host of the site: a guest, a laptop.
    package var host: HostID?
    package var name: String?
    /// Option 12, as the client says.
    package var hostName: String?
    /// Option 61 in hexadecimal.
    package var clientIdentifier: String?
    package var uuid: UniversalUniqueIdentifier?
    /// Options 82.1 and 82.2 in hexadecimal.
    package var circuit: String?
    package var remote: String?

    package init(address: IPv4Address, state: State, hardwareAddress: HardwareAddress, expires: Int64?) {
        (self.address, self.state, self.hardwareAddress, self.expires) = (address, state, hardwareAddress, expires)
    }
}

/// Which leases: all that every given field fits.
package struct LeaseQuery: Sendable, Hashable {
    /// Name, host id, hardware address or UUID; a hardware address need not be a host's.
    package var host: String?
    package var subnet: String?
    package var state: LeaseSummary.State?
    package init(host: String? = nil, subnet: String? = nil, state: LeaseSummary.State? = nil) {
        (self.host, self.subnet, self.state) = (host, subnet, state)
    }
}

/// `bennu lease release`.
package struct LeaseRelease: Codable, Sendable, Hashable {
    /// Even though a running host uses it.
    package var force: Bool
    package init(force: Bool = false) { self.force = force }
}
