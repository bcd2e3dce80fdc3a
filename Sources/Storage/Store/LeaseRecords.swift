package import Primitives

/// Leases as bytes by address, of which only the last is kept: no condition, no history, no watch. For a process that writes them alone and
/// has them all in memory; servers that share a store keep theirs under keys, where each sees what another wrote.
package protocol LeaseRecords: Sendable {
    /// All of them, in no order.
    func leaseRecords() async throws(StoreError) -> [LeaseRecord]
    /// Blocks until all of them are durable. Of two with one address the later stays. An unknown outcome is settled by putting the same again.
    func put(_ records: [LeaseRecord]) throws(StoreError)
}

package struct LeaseRecord: Sendable, Hashable {
    package let address: IPv4Address
    package let value: [UInt8]
    package init(address: IPv4Address, value: [UInt8]) { (self.address, self.value) = (address, value) }
}
