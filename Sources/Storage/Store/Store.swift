/// Revisioned keys with compare-and-set and watch. It promises no more than etcd can keep.
package protocol Store: Sendable {
    /// Which store this is; kept beside every revision that outlives the process.
    var identity: StoreIdentity { get }

    /// The newest committed revision.
    func currentRevision() async throws(StoreError) -> Revision

    /// Independent transactions, one outcome each, in order; returns when all are durable.
    ///
    /// They are judged against the state before the batch, share its revision, and touch no key twice (`BatchRule`).
    /// A cancelled task does not stop a commit.
    func commit(_ batch: [Transaction]) async throws(StoreError) -> [Outcome]

    /// The newest value of one key; `nil` when it has none.
    func get(_ key: Key) async throws(StoreError) -> Entry?

    /// The newest values of several keys, in their order.
    func get(_ keys: [Key]) async throws(StoreError) -> [Entry?]

    /// One page of a prefix, in key order, as of `revision` (the present when `nil`). Throws `.compacted` or `.notReached`.
    func read(_ prefix: KeyPrefix, at revision: Revision?, page: PageRequest) async throws(StoreError) -> Page

    /// What is committed after `revision`, and then what will be. Throws `.compacted` when the history does not reach back: read again.
    func changes(_ prefix: KeyPrefix, after revision: Revision) -> ChangeSequence
}

/// A store that a plain thread can commit to, in one order with `commit`.
package protocol BlockingStore: Store {
    /// `commit` for a thread that runs no task: blocks it until the batch is durable.
    func commitBlocking(_ batch: [Transaction]) throws(StoreError) -> [Outcome]
}

extension Store {
    package func get(_ keys: [Key]) async throws(StoreError) -> [Entry?] {
        var entries: [Entry?] = []
        for key in keys { entries.append(try await get(key)) }
        return entries
    }

    /// One transaction by itself.
    package func commit(_ transaction: Transaction) async throws(StoreError) -> Outcome {
        guard let outcome = try await commit([transaction]).first else {
            throw .outcomeUnknown(detail: "the store returned no outcome")
        }
        return outcome
    }

    /// A whole prefix at one revision, page by page. For the caller who keeps it all in memory anyway.
    package func readAll(_ prefix: KeyPrefix, at revision: Revision? = nil) async throws(StoreError) -> Page {
        var page = try await read(prefix, at: revision, page: PageRequest())
        let at = page.revision
        var entries = page.entries
        while let next = page.next {
            page = try await read(prefix, at: at, page: next)
            entries += page.entries
        }
        return Page(entries: entries, revision: at, next: nil)
    }
}
