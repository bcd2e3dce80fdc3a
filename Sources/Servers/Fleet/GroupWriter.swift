/// One write at a time, and everything that was asked for meanwhile goes into the next: a storm makes larger commits rather than more.
package actor GroupWriter<Item: Hashable & Sendable> {
    private enum Turn { case isWritten, leads }
    private struct Waiter {
        var items: [Item]
        var continuation: CheckedContinuation<Turn, any Error>
    }

    private var isBusy = false
    private var waiting: [Waiter] = []

    package init() {}

    /// Callers whose items are not being written yet.
    package var waitingCount: Int { waiting.count }

    /// Returns when a write that began after this call has the items; throws what that write threw.
    /// - Parameter body: the same of every caller; is given each item once.
    package func write(_ items: [Item], by body: @Sendable ([Item]) async throws -> Void) async throws {
        if isBusy {
            let turn = try await withCheckedThrowingContinuation { waiting.append(Waiter(items: items, continuation: $0)) }
            guard turn == .leads else { return }
        }
        isBusy = true
        let others = waiting
        waiting = []
        let result: Result<Void, any Error>
        do {
            try await body(Array(Set(items + others.flatMap(\.items))))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for other in others { other.continuation.resume(with: result.map { .isWritten }) }
        // Whoever came meanwhile waits for no one's second write: the first of them leads.
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().continuation.resume(returning: .leads) }
        try result.get()
    }
}
