/// A watch: batches of changes as they are committed, until its task is cancelled (it ends) or the history is gone (`.compacted`).
///
/// It holds no changes itself. A reader that is slow reads larger batches; one that is too slow reads again.
package struct ChangeSequence: AsyncSequence, Sendable {
    package typealias Element = ChangeBatch
    package typealias Failure = StoreError

    /// The next whole revisions behind one, an empty batch when there are none yet.
    package typealias Scan = @Sendable (_ after: Revision) async -> Result<ChangeBatch, StoreError>

    private let after: Revision
    private let signal: CommitSignal
    private let scan: Scan

    /// For implementations: `signal` rings after each commit that `scan` can see.
    package init(after: Revision, signal: CommitSignal, scan: @escaping Scan) {
        (self.after, self.signal, self.scan) = (after, signal, scan)
    }

    package func makeAsyncIterator() -> Iterator {
        // Listening begins before the first look, so that no commit falls between the two.
        Iterator(cursor: after, rings: signal.listen().makeAsyncIterator(), scan: scan)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private var cursor: Revision
        private var rings: AsyncStream<Void>.AsyncIterator
        private let scan: Scan

        fileprivate init(cursor: Revision, rings: AsyncStream<Void>.AsyncIterator, scan: @escaping Scan) {
            (self.cursor, self.rings, self.scan) = (cursor, rings, scan)
        }

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(StoreError) -> ChangeBatch? {
            while !Task.isCancelled {
                let batch = try await scan(cursor).get()
                // The cursor moves over other prefixes' revisions too: a quiet prefix must not fall behind the compaction.
                cursor = batch.revision
                if !batch.changes.isEmpty { return batch }
                guard await rings.next(isolation: actor) != nil else { return nil }
            }
            return nil
        }
    }
}
