package import Primitives

/// Who asks for an address. The hardware address alone is the identity of a lease: ROM, iPXE, initrd and the running system send
/// different client identifiers (RFC 4361 section 4) and are one host with one address.
package struct LeaseClient: Sendable, Hashable {
    package var hardwareAddress: HardwareAddress
    let names: ClientNames?

    /// Option 97 where the machine has one; the running system does not send it.
    package var uuid: UniversalUniqueIdentifier? { names?.uuid }
    /// Option 61 in hexadecimal: for people, and for reservations.
    package var clientIdentifier: String? { names?.clientIdentifier }
    /// Option 12, for people.
    package var hostName: String? { names?.hostName }
    /// From option 82, which the client's own renewals do not carry: then what its lease remembers counts.
    package var circuit: RelayCircuit? { names?.circuit }

    package init(
        hardwareAddress: HardwareAddress, uuid: UniversalUniqueIdentifier? = nil, clientIdentifier: String? = nil, hostName: String? = nil,
        circuit: RelayCircuit? = nil
    ) {
        self.hardwareAddress = hardwareAddress
        names = .make(uuid: uuid, clientIdentifier: clientIdentifier, hostName: hostName, circuit: circuit)
    }

    /// The client with what it does not say filled in from what it said before.
    func remembering(_ lease: Lease, clientIdentifier known: String?) -> LeaseClient {
        guard known != nil || (lease.names != nil && lease.names != names) else { return self }
        return LeaseClient(
            hardwareAddress: hardwareAddress, uuid: uuid ?? lease.uuid, clientIdentifier: known ?? clientIdentifier,
            hostName: hostName ?? lease.hostName, circuit: circuit ?? lease.circuit)
    }
}
