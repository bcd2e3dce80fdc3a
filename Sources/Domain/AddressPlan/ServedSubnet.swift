package import Primitives

/// A subnet plan with what is derived from it once a generation: who owns each reserved address. A class, since every message carries one
/// about and a plan has a dozen parts to count references of.
package final class ServedSubnet: Sendable {
    /// Who an address is reserved for.
    package enum Owner: Sendable, Hashable {
        case hardwareAddress(HardwareAddress)
        case uuid(UniversalUniqueIdentifier)
        case clientIdentifier(String)
        case circuit(RelayCircuit)
    }

    package let plan: SubnetPlan
    /// By reserved address. Where several reservations name one address, the first kind of `Owner` holds, and among equals the least.
    package let owners: [IPv4Address: Owner]

    package init(_ plan: SubnetPlan) {
        self.plan = plan
        var owners: [IPv4Address: Owner] = [:]
        for (hardware, address) in plan.reservations.sorted(by: { $0.key < $1.key }) where owners[address] == nil {
            owners[address] = .hardwareAddress(hardware)
        }
        for (uuid, address) in plan.uuidReservations.sorted(by: { $0.key.description < $1.key.description }) where owners[address] == nil {
            owners[address] = .uuid(uuid)
        }
        for (identifier, address) in plan.identifierReservations.sorted(by: { $0.key < $1.key }) where owners[address] == nil {
            owners[address] = .clientIdentifier(identifier)
        }
        let circuits = plan.circuitReservations.sorted { ($0.key.circuit, $0.key.remote ?? "") < ($1.key.circuit, $1.key.remote ?? "") }
        for (circuit, address) in circuits where owners[address] == nil { owners[address] = .circuit(circuit) }
        self.owners = owners.filter { Self.isUsable($0.key, in: plan.prefix) }
    }

    /// Neither the network nor the broadcast address, of which prefixes of 31 and 32 bits have none (RFC 3021).
    package static func isUsable(_ address: IPv4Address, in prefix: IPv4Prefix) -> Bool {
        guard prefix.contains(address) else { return false }
        return prefix.length >= 31 || (address != prefix.network && address != prefix.broadcast)
    }

    /// The address that this client owns; `nil` when none is reserved, or another's reservation of it goes before.
    package func reservation(of client: LeaseClient) -> IPv4Address? {
        guard !owners.isEmpty else { return nil }
        if let address = plan.reservations[client.hardwareAddress], owners[address] == .hardwareAddress(client.hardwareAddress) {
            return address
        }
        if let uuid = client.uuid, let address = plan.uuidReservations[uuid], owners[address] == .uuid(uuid) { return address }
        if let identifier = client.clientIdentifier, let address = plan.identifierReservations[identifier],
            owners[address] == .clientIdentifier(identifier)
        {
            return address
        }
        guard let circuit = client.circuit, !plan.circuitReservations.isEmpty else { return nil }
        for known in [circuit, RelayCircuit(circuit: circuit.circuit)] {
            if let address = plan.circuitReservations[known], owners[address] == .circuit(known) { return address }
        }
        return nil
    }

    /// In a pool, and reserved for nobody.
    func mayGive(_ address: IPv4Address) -> Bool { owners[address] == nil && isInPool(address) }

    package func isInPool(_ address: IPv4Address) -> Bool {
        plan.pools.contains { $0.contains(address) } && Self.isUsable(address, in: plan.prefix)
    }
}
