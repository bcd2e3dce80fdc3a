import Synchronization

/// Wakes everyone who waits for a change of the fleet: agents in their long poll, `--follow`.
package final class ChangeBell: Sendable {
    private struct Waiting {
        var rings: UInt64 = 0
        var tickets: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }
    private let waiting = Mutex(Waiting())

    package init() {}

    /// How often it rang. Take it before reading what you wait for, so that no ring falls between.
    package var rings: UInt64 { waiting.withLock { $0.rings } }

    /// How many wait for it now.
    package var listeners: Int { waiting.withLock { $0.waiters.count } }

    package func ring() {
        let waiters = waiting.withLock { waiting in
            defer { waiting.waiters = [:] }
            waiting.rings += 1
            return Array(waiting.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns at the first ring after `rings`, after `timeout`, or when the task is cancelled, whichever comes first.
    package func wait(after rings: UInt64, timeout: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForRing(after: rings) }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForRing(after rings: UInt64) async {
        let ticket = waiting.withLock { waiting in
            waiting.tickets += 1
            return waiting.tickets
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = waiting.withLock { waiting in
                    guard waiting.rings == rings else { return true }
                    waiting.waiters[ticket] = continuation
                    return false
                }
                if isOver { continuation.resume() }
                // A cancellation before the lines above found nothing to wake.
                if Task.isCancelled { wake(ticket) }
            }
        } onCancel: {
            wake(ticket)
        }
    }

    private func wake(_ ticket: UInt64) {
        waiting.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume()
    }
}
