import Store
import Synchronization
import TestSupport

/// A store whose process dies: from a chosen commit on, nothing is written any more. What was written before stays in `inner`.
final class FailingStore: Store {
    let inner = MemoryStore()
    private let left: Mutex<Int>

    /// - Parameter commits: how many succeed.
    init(after commits: Int) { left = Mutex(commits) }

    var identity: StoreIdentity { inner.identity }
    /// How many more would succeed.
    var commitsLeft: Int { left.withLock { $0 } }

    func allow(_ commits: Int) { left.withLock { $0 = commits } }

    func commit(_ batch: [Transaction]) async throws(StoreError) -> [Outcome] {
        let mayCommit = left.withLock { left in
            left -= 1
            return left >= 0
        }
        guard mayCommit else { throw .unavailable(detail: "the power is cut") }
        return try await inner.commit(batch)
    }

    func currentRevision() async throws(StoreError) -> Revision { try await inner.currentRevision() }
    func get(_ key: Key) async throws(StoreError) -> Entry? { try await inner.get(key) }
    func read(_ prefix: KeyPrefix, at revision: Revision?, page: PageRequest) async throws(StoreError) -> Page {
        try await inner.read(prefix, at: revision, page: page)
    }
    func changes(_ prefix: KeyPrefix, after revision: Revision) -> ChangeSequence { inner.changes(prefix, after: revision) }
}
