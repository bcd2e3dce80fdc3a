package import AddressPlan
import Primitives
package import Store

/// Leases as JSON by address, in a table that this process alone writes: what it has in memory needs no look at what is there.
package struct RecordedLeases: LeaseStore {
    private let records: any LeaseRecords

    package init(_ records: any LeaseRecords) { self.records = records }

    package func load() async throws -> StoredLeaseList {
        var list = StoredLeaseList(leases: [])
        for record in try await records.leaseRecords() {
            if let lease = StoredLeases.decode(record.value), lease.address == record.address {
                list.leases.append(lease)
            } else {
                list.unreadable.append(record.address)
            }
        }
        return list
    }

    /// One durable commit for all.
    package func commit(_ changes: [LeaseChange]) -> [LeaseCommitOutcome] {
        guard !changes.isEmpty else { return [] }
        var written: [LeaseRecord] = []
        written.reserveCapacity(changes.count)
        for change in changes { for lease in change.leases { written.append(LeaseRecord(address: lease.address, value: lease.json)) } }
        let outcome = put(written)
        return changes.map { _ in outcome }
    }

    /// When the outcome is unknown, once more: the same bytes may be put twice. Should that fail, the first may have happened all the same.
    private func put(_ written: [LeaseRecord]) -> LeaseCommitOutcome {
        do {
            try records.put(written)
            return .durable
        } catch .outcomeUnknown(let detail) {
            do { try records.put(written) } catch { return .unknown(detail) }
            return .durable
        } catch {
            return .failed(error.description)
        }
    }
}
