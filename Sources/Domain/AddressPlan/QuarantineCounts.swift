package import Primitives

/// How many addresses are quarantined by what came from one relay circuit, whoever it said it was. A machine that declines whatever it is
/// given must not empty a pool: beyond the limits it is not believed.
package struct QuarantineCounts: Sendable {
    private var byCircuit = CircuitCounts()
    /// Clients that operators were told of.
    private var told = HolderCounts()

    /// The addresses that one machine is believed to find in use, or to answer for. A router that answers for everybody (local proxy ARP)
    /// must not empty a pool either.
    package static let mostOfOneMachine = 8
    private static let newsTime: UInt32 = 3600
    private static let mostTold = 64

    /// From what is quarantined already.
    package init(of table: LeaseTable) { for record in table.records.values where record.current.state == .declined { hold(record.current) } }

    package mutating func admits(_ address: IPv4Address, from circuit: RelayCircuit, most: Int, now: Int64) -> Bool {
        byCircuit.admits(UInt64(address.value), at: circuit, most: most, now: now)
    }

    package mutating func hold(_ lease: Lease) {
        guard let circuit = lease.circuit else { return }
        byCircuit.hold(UInt64(lease.address.value), at: circuit, until: lease.expires)
    }

    package mutating func release(_ lease: Lease) {
        guard let circuit = lease.circuit else { return }
        byCircuit.release(UInt64(lease.address.value), at: circuit)
    }

    /// Once an hour for each client, and for so many clients at most: whoever invents hardware addresses fills no journal.
    package mutating func isNews(_ client: HardwareAddress, now: Int64) -> Bool {
        guard !told.holds(client.value, at: now), told.admits(client.value, most: Self.mostTold, now: now) else { return false }
        told.hold(client.value, until: Lease.expiry(after: Self.newsTime, from: now))
        return true
    }
}
