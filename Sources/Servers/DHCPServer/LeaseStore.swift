package import AddressPlan
package import Primitives

/// Where leases are durable.
package protocol LeaseStore: Sendable {
    /// Everything that is stored, once, before the first message is answered.
    func load() async throws -> StoredLeaseList
    /// Blocks until the changes are durable; one outcome each, in order. Called by one thread only.
    func commit(_ changes: [LeaseChange]) -> [LeaseCommitOutcome]
}

package struct StoredLeaseList: Sendable {
    package var leases: [Lease]
    /// Addresses whose record cannot be read: somebody may be using them.
    package var unreadable: [IPv4Address]
    package init(leases: [Lease], unreadable: [IPv4Address] = []) { (self.leases, self.unreadable) = (leases, unreadable) }
}

package enum LeaseCommitOutcome: Sendable, Hashable {
    case durable
    /// Somebody else wrote this lease; the store has `current`.
    case conflict(IPv4Address, current: Lease?)
    /// Nothing was written.
    case failed(String)
    /// It may or may not be written.
    case unknown(String)
}
