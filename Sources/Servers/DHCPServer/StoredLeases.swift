package import AddressPlan
import FoundationEssentials
package import Primitives
package import Store
import Synchronization

/// Leases as JSON under `leases/<address>`, each guarded by the revision at which we last saw it.
package final class StoredLeases: LeaseStore {
    package static let prefix: Key = "leases"

    private let store: any BlockingStore
    /// Of the records that exist.
    private let revisions = Mutex<[Key: Revision]>([:])

    package init(_ store: any BlockingStore) { self.store = store }

    package func load() async throws -> StoredLeaseList {
        let entries = try await store.readAll(.under(Self.prefix)).entries
        revisions.withLock { $0 = Dictionary(entries.map { ($0.key, $0.modified) }) { $1 } }
        var list = StoredLeaseList(leases: [])
        for entry in entries {
            // A key that is no address is none of ours, and can be given to nobody.
            guard let address = IPv4Address(String(entry.key.lastSegment)) else { continue }
            if let lease = Self.decode(entry.value), lease.address == address {
                list.leases.append(lease)
            } else {
                list.unreadable.append(address)
            }
        }
        return list
    }

    /// One durable commit for as many changes as the store's rules let into a batch.
    package func commit(_ changes: [LeaseChange]) -> [LeaseCommitOutcome] {
        var outcomes: [LeaseCommitOutcome] = []
        var batch: [Transaction] = []
        var keys: Set<Key> = []
        for change in changes {
            let changed = change.leases.compactMap { Self.key($0.address) }
            if batch.count == BatchRule.maximumTransactions || !keys.isDisjoint(with: changed) {
                outcomes += commit(batch)
                (batch, keys) = ([], [])
            }
            keys.formUnion(changed)
            batch.append(transaction(for: change))
        }
        return outcomes + commit(batch)
    }

    private func transaction(for change: LeaseChange) -> Transaction {
        let keyed = change.leases.compactMap { lease in Self.key(lease.address).map { ($0, lease) } }
        return revisions.withLock { revisions in
            Transaction(
                if: keyed.map { key, _ in revisions[key].map { .unchanged(key, since: $0) } ?? .absent(key) },
                then: keyed.map { key, lease in .put(key, Self.encode(lease)) })
        }
    }

    private func commit(_ batch: [Transaction]) -> [LeaseCommitOutcome] {
        guard !batch.isEmpty else { return [] }
        do {
            return try settle(batch)
        } catch .outcomeUnknown(let detail) {
            return batch.map { _ in .unknown(detail) }
        } catch {
            return batch.map { _ in .failed(error.description) }
        }
    }

    /// Commits; when the outcome is unknown, once more: what is there then tells whether the first commit happened.
    private func settle(_ batch: [Transaction]) throws(StoreError) -> [LeaseCommitOutcome] {
        let outcomes: [Outcome]
        do {
            outcomes = try store.commitBlocking(batch)
        } catch .outcomeUnknown {
            outcomes = try store.commitBlocking(batch)
        }
        return zip(batch, outcomes).map(learn)
    }

    private func learn(_ transaction: Transaction, _ outcome: Outcome) -> LeaseCommitOutcome {
        revisions.withLock { revisions in
            switch outcome {
            case .committed(let revision):
                for write in transaction.writes { revisions[write.key] = revision }
                return .durable
            case .conflict(let key, let current):
                revisions[key] = current?.modified
                // Our own bytes: the commit whose outcome was unknown had happened.
                if let current, transaction.writes.contains(.put(key, current.value)) {
                    for write in transaction.writes { revisions[write.key] = current.modified }
                    return .durable
                }
                guard let address = IPv4Address(String(key.lastSegment)) else { return .failed("\(key) is no lease") }
                return .conflict(address, current: current.flatMap { Self.decode($0.value) })
            }
        }
    }

    package static func key(_ address: IPv4Address) -> Key? { Key("\(prefix)/\(address)") }

    package static func decode(_ bytes: [UInt8]) -> Lease? { try? JSONDecoder().decode(Lease.self, from: Data(bytes)) }

    /// Keys sorted, so that the same lease is the same bytes.
    package static func encode(_ lease: Lease) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and integers only: there is nothing in a lease that JSON cannot say.
        return (try? encoder.encode(lease)).map(Array.init) ?? []
    }
}
