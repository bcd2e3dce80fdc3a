package import FleetModel

/// A journal followed by sequence number. It holds no events itself: a slow reader reads larger batches, and misses what is forgotten.
package struct EventSequence: AsyncSequence, Sendable {
    package typealias Element = [BootEvent]
    package typealias Failure = JournalError

    typealias Scan = @Sendable (_ after: Int64) async -> Result<Journal.Look, JournalError>

    private let after: Int64
    private let followers: FollowerList
    private let scan: Scan

    init(after: Int64, followers: FollowerList, scan: @escaping Scan) {
        (self.after, self.followers, self.scan) = (after, followers, scan)
    }

    package func makeAsyncIterator() -> Iterator {
        // Listening begins before the first look, so that no event falls between the two.
        Iterator(cursor: after, rings: followers.listen().makeAsyncIterator(), scan: scan)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private var cursor: Int64
        private var rings: AsyncStream<Void>.AsyncIterator
        private let scan: Scan

        fileprivate init(cursor: Int64, rings: AsyncStream<Void>.AsyncIterator, scan: @escaping Scan) {
            (self.cursor, self.rings, self.scan) = (cursor, rings, scan)
        }

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(JournalError) -> [BootEvent]? {
            while !Task.isCancelled {
                let look = try await scan(cursor).get()
                let isProgress = look.last > cursor
                cursor = look.last
                if !look.events.isEmpty { return look.events }
                if isProgress { continue }
                guard await rings.next(isolation: actor) != nil else { return nil }
            }
            return nil
        }
    }
}
