package import Primitives

/// Who asks for an address. The hardware address alone is the identity of a lease: ROM, iPXE, initrd and the running system send
/// different client identifiers (RFC 4361 section 4) and are one host with one address.
package struct LeaseClient: Sendable, Hashable {
    package var hardwareAddress: HardwareAddress
    /// Option 97 where the machine has one; the running system does not send it.
    package var uuid: UniversalUniqueIdentifier?
    /// Option 61 in hexadecimal: for people, and for reservations.
    package var clientIdentifier: String?
    /// Option 12, for people.
    package var hostName: String?
    /// From option 82, which the client's own renewals do not carry: then what its lease remembers counts.
    package var circuit: RelayCircuit?

    package init(
        hardwareAddress: HardwareAddress, uuid: UniversalUniqueIdentifier? = nil, clientIdentifier: String? = nil, hostName: String? = nil,
        circuit: RelayCircuit? = nil
    ) {
        (self.hardwareAddress, self.uuid) = (hardwareAddress, uuid)
        (self.clientIdentifier, self.hostName, self.circuit) = (clientIdentifier, hostName, circuit)
    }
}
