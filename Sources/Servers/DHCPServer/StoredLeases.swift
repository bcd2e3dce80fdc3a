package import AddressPlan
import FoundationEssentials
package import Primitives
package import Store
import Synchronization

/// Leases as JSON under `leases/<address>`, each guarded by the revision at which we last saw it: for a store that others write to as well.
package final class StoredLeases: LeaseStore {
    package static let prefix: Key = "leases"

    private let store: any BlockingStore
    /// Of the records that exist.
    private let revisions = Mutex<[IPv4Address: Revision]>([:])

    package init(_ store: any BlockingStore) { self.store = store }

    package func load() async throws -> StoredLeaseList {
        let entries = try await store.readAll(.under(Self.prefix)).entries
        var known: [IPv4Address: Revision] = [:]
        var list = StoredLeaseList(leases: [])
        for entry in entries {
            // A key that is no address is none of ours, and can be given to nobody.
            guard let address = IPv4Address(String(entry.key.lastSegment)) else { continue }
            known[address] = entry.modified
            if let lease = Self.decode(entry.value), lease.address == address {
                list.leases.append(lease)
            } else {
                list.unreadable.append(address)
            }
        }
        revisions.withLock { $0 = known }
        return list
    }

    /// The most writes that one durable commit has: what gathers while a slow disk makes one commit durable fits into the next.
    package static let mostWrites = 512

    /// One durable commit for as many changes as the store's rules let into a batch.
    package func commit(_ changes: [LeaseChange]) -> [LeaseCommitOutcome] {
        var outcomes: [LeaseCommitOutcome] = []
        outcomes.reserveCapacity(changes.count)
        var gathered: [LeaseChange] = []
        var touched: Set<IPv4Address> = []
        for change in changes {
            // No address twice in one batch.
            let isFull = touched.count + change.leases.count > Self.mostWrites
            if isFull || change.leases.contains(where: { touched.contains($0.address) }) {
                outcomes += commitTogether(gathered)
                gathered.removeAll(keepingCapacity: true)
                touched.removeAll(keepingCapacity: true)
            }
            for lease in change.leases { touched.insert(lease.address) }
            gathered.append(change)
        }
        return outcomes + commitTogether(gathered)
    }

    /// Several changes share a transaction. One that conflicts takes the others of its transaction along: those are then made one by one.
    private func commitTogether(_ changes: [LeaseChange]) -> [LeaseCommitOutcome] {
        let parcels = Self.parcels(changes)
        let outcomes = commitParcels(parcels)
        return zip(parcels, outcomes).flatMap { parcel, outcome -> [LeaseCommitOutcome] in
            guard case .conflict = outcome, parcel.count > 1 else { return parcel.map { _ in outcome } }
            return parcel.flatMap { commitParcels([[$0]]) }
        }
    }

    /// As many changes to a transaction as it may have writes; as few transactions as that makes.
    private static func parcels(_ changes: [LeaseChange]) -> [[LeaseChange]] {
        var parcels: [[LeaseChange]] = []
        var writes = 0
        for change in changes {
            writes += change.leases.count
            if parcels.isEmpty || writes > mostWritesInTransaction {
                parcels.append([])
                writes = change.leases.count
            }
            parcels[parcels.count - 1].append(change)
        }
        return parcels
    }

    /// Well below the store's limits, in writes and in bytes.
    private static let mostWritesInTransaction = 32

    /// One transaction for each parcel.
    private func commitParcels(_ parcels: [[LeaseChange]]) -> [LeaseCommitOutcome] {
        guard !parcels.isEmpty else { return [] }
        let batch = revisions.withLock { revisions in parcels.map { Self.transaction(for: $0, revisions) } }
        do {
            let outcomes = try settle(batch)
            return revisions.withLock { revisions in
                zip(parcels, zip(batch, outcomes)).map { Self.learn($0, $1.0, $1.1, &revisions) }
            }
        } catch .outcomeUnknown(let detail) {
            return batch.map { _ in .unknown(detail) }
        } catch {
            return batch.map { _ in .failed(error.description) }
        }
    }

    private static func transaction(for parcel: [LeaseChange], _ revisions: [IPv4Address: Revision]) -> Transaction {
        var transaction = Transaction(if: [], then: [])
        transaction.conditions.reserveCapacity(mostWritesInTransaction)
        transaction.writes.reserveCapacity(mostWritesInTransaction)
        for change in parcel {
            for lease in change.leases {
                let key = prefix.appending(lease.address)
                transaction.conditions.append(revisions[lease.address].map { .unchanged(key, since: $0) } ?? .absent(key))
                transaction.writes.append(.put(key, lease.json))
            }
        }
        return transaction
    }

    /// Commits; when the outcome is unknown, once more: what is there then tells whether the first commit happened.
    private func settle(_ batch: [Transaction]) throws(StoreError) -> [Outcome] {
        do {
            return try store.commitBlocking(batch)
        } catch .outcomeUnknown {
            return try store.commitBlocking(batch)
        }
    }

    private static func learn(
        _ parcel: [LeaseChange], _ transaction: Transaction, _ outcome: Outcome, _ revisions: inout [IPv4Address: Revision]
    ) -> LeaseCommitOutcome {
        switch outcome {
        case .committed(let revision):
            for change in parcel { for lease in change.leases { revisions[lease.address] = revision } }
            return .durable
        case .conflict(let key, let current):
            guard let address = IPv4Address(String(key.lastSegment)) else { return .failed("\(key) is no lease") }
            // Our own bytes: the commit whose outcome was unknown had happened.
            if let current, transaction.writes.contains(.put(key, current.value)) {
                for change in parcel { for lease in change.leases { revisions[lease.address] = current.modified } }
                return .durable
            }
            // What came with others is tried alone: only then is it told what is there, and only then may a next try go over it.
            if parcel.count == 1 { revisions[address] = current?.modified }
            return .conflict(address, current: current.flatMap { Self.decode($0.value) })
        }
    }

    package static func key(_ address: IPv4Address) -> Key? { Key("\(prefix)/\(address)") }

    package static func decode(_ bytes: [UInt8]) -> Lease? { try? JSONDecoder().decode(Lease.self, from: Data(bytes)) }
}
