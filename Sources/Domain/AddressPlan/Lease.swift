package import Primitives

/// One address and who has it. JSON under the key `leases/<address>`; offers live in memory only.
package struct Lease: Sendable, Hashable {
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
    package var state: State
    package var hardwareAddress: HardwareAddress
    /// Seconds since 1970-01-01 UTC; `Lease.never` for an infinite lease.
    package var expires: Int64
    private(set) var names: ClientNames?

    package var uuid: UniversalUniqueIdentifier? { names?.uuid }
    /// Option 61 in hexadecimal.
    package var clientIdentifier: String? { names?.clientIdentifier }
    package var hostName: String? { names?.hostName }
    /// Where it was when it last came through a relay.
    package var circuit: RelayCircuit? { names?.circuit }

    package static let never = Int64.max

    package init(address: IPv4Address, client: LeaseClient, expires: Int64, state: State) {
        (self.address, self.expires, self.state) = (address, expires, state)
        (hardwareAddress, names) = (client.hardwareAddress, client.names)
    }

    /// Nobody but its holder may have the address now; a declined one not even its holder.
    package func isHeld(at now: Int64) -> Bool { state != .released && expires > now }
    /// A client may be using the address now.
    package func isInUse(at now: Int64) -> Bool { state == .bound && expires > now }

    /// Nobody may have the address now, since somebody else answers for it.
    package func isQuarantined(at now: Int64) -> Bool { state == .declined && expires > now }

    /// `seconds` after `now`, without overflow; all ones is for ever (RFC 2131 section 3.3).
    package static func expiry(after seconds: UInt32, from now: Int64) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(Int64(seconds))
        return overflow || seconds == .max ? never : sum
    }
}

extension Lease: Codable {
    private enum CodingKeys: String, CodingKey {
        case address, hardwareAddress, uuid, clientIdentifier, hostName, circuit, expires, state
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let client = LeaseClient(
            hardwareAddress: try values.decode(HardwareAddress.self, forKey: .hardwareAddress),
            uuid: try values.decodeIfPresent(UniversalUniqueIdentifier.self, forKey: .uuid),
            clientIdentifier: try values.decodeIfPresent(String.self, forKey: .clientIdentifier),
            hostName: try values.decodeIfPresent(String.self, forKey: .hostName),
            circuit: try values.decodeIfPresent(RelayCircuit.self, forKey: .circuit))
        self.init(
            address: try values.decode(IPv4Address.self, forKey: .address), client: client,
            expires: try values.decode(Int64.self, forKey: .expires), state: try values.decode(State.self, forKey: .state))
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(address, forKey: .address)
        try values.encode(hardwareAddress, forKey: .hardwareAddress)
        try values.encodeIfPresent(uuid, forKey: .uuid)
        try values.encodeIfPresent(clientIdentifier, forKey: .clientIdentifier)
        try values.encodeIfPresent(hostName, forKey: .hostName)
        try values.encodeIfPresent(circuit, forKey: .circuit)
        try values.encode(expires, forKey: .expires)
        try values.encode(state, forKey: .state)
    }
}
