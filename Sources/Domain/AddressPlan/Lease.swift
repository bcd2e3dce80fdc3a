package import Primitives

/// One address and who has it. JSON under the key `leases/<address>`; offers live in memory only.
package struct Lease: Codable, Sendable, Hashable {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// Held for a client that was sent a DHCPOFFER.
        case offered
        /// Given by a DHCPACK.
        case bound
        /// Given back by the client; kept so that it gets the same address again.
        case released
        /// Found in use by somebody else (DHCPDECLINE): given to nobody until it expires.
        case declined
    }

    package var address: IPv4Address
    package var hardwareAddress: HardwareAddress
    package var uuid: UniversalUniqueIdentifier?
    /// Option 61 in hexadecimal.
    package var clientIdentifier: String?
    package var hostName: String?
    /// Where it was when it last came through a relay.
    package var circuit: RelayCircuit?
    /// Seconds since 1970-01-01 UTC; `Lease.never` for an infinite lease.
    package var expires: Int64
    package var state: State

    package static let never = Int64.max

    package init(address: IPv4Address, client: LeaseClient, expires: Int64, state: State) {
        (self.address, self.expires, self.state) = (address, expires, state)
        (hardwareAddress, uuid) = (client.hardwareAddress, client.uuid)
        (clientIdentifier, hostName, circuit) = (client.clientIdentifier, client.hostName, client.circuit)
    }

    /// Nobody but its holder may have the address now; a declined one not even its holder.
    package func isHeld(at now: Int64) -> Bool { state != .released && expires > now }
    /// A client may be using the address now.
    package func isInUse(at now: Int64) -> Bool { state == .bound && expires > now }

    /// `seconds` after `now`, without overflow; all ones is for ever (RFC 2131 section 3.3).
    package static func expiry(after seconds: UInt32, from now: Int64) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(Int64(seconds))
        return overflow || seconds == .max ? never : sum
    }
}
