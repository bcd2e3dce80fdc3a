package import Primitives

/// A subnet plan with what is derived from it once a generation: who owns each reserved address. A class, since every message carries one
/// about and a plan has a dozen parts to count references of.
package final class ServedSubnet: Sendable {
    /// Who an address is reserved for.
    package enum Owner: Sendable, Hashable {
        case hardwareAddress(HardwareAddress)
        case uuid(UniversalUniqueIdentifier)
    }

    package let plan: SubnetPlan
    /// By reserved address. Where two reservations name one address, that of a hardware address holds, and among equals the least.
    package let owners: [IPv4Address: Owner]

    package init(_ plan: SubnetPlan) {
        self.plan = plan
        var owners: [IPv4Address: Owner] = [:]
        for (uuid, address) in plan.uuidReservations.sorted(by: { $0.key.description < $1.key.description }) where owners[address] == nil {
            owners[address] = .uuid(uuid)
        }
        for (hardware, address) in plan.reservations.sorted(by: { $0.key > $1.key }) { owners[address] = .hardwareAddress(hardware) }
        self.owners = owners.filter { Self.isUsable($0.key, in: plan.prefix) }
    }

    /// Neither the network nor the broadcast address, of which prefixes of 31 and 32 bits have none (RFC 3021).
    package static func isUsable(_ address: IPv4Address, in prefix: IPv4Prefix) -> Bool {
        guard prefix.contains(address) else { return false }
        return prefix.length >= 31 || (address != prefix.network && address != prefix.broadcast)
    }

    /// The address that this client owns; `nil` when none is reserved, or another's reservation of it goes before.
    package func reservation(of client: LeaseClient) -> IPv4Address? {
        if let address = plan.reservations[client.hardwareAddress], owners[address] == .hardwareAddress(client.hardwareAddress) {
            return address
        }
        guard let uuid = client.uuid, let address = plan.uuidReservations[uuid], owners[address] == .uuid(uuid) else { return nil }
        return address
    }

    package func isInPool(_ address: IPv4Address) -> Bool {
        plan.pools.contains { $0.contains(address) } && Self.isUsable(address, in: plan.prefix)
    }
}
