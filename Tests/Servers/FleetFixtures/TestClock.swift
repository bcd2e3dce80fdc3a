import Synchronization

/// A clock that moves when a test says so. Milliseconds since 1970.
package final class TestClock: Sendable {
    private let time: Mutex<Int64>

    package init(_ start: Int64 = 1_000_000) { time = Mutex(start) }

    package var now: Int64 { time.withLock { $0 } }

    package func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}
