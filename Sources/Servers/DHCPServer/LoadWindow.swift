import Glibc

/// Whether so much comes that it is worth to wait a moment for more: waking up, a system call and a synced commit cost many times what one
/// more message in them costs. A server that is not loaded waits for nothing.
struct LoadWindow {
    /// What makes a server loaded within one window.
    private let threshold: Int
    /// Microseconds to wait.
    private let pause: UInt32
    private var began: Int64 = 0
    private var count = 0
    private(set) var isLoaded = false

    private static let length: Int64 = 10_000_000

    /// - Parameter threshold: items within 10 ms.
    init(threshold: Int, pauseMicroseconds: UInt32) { (self.threshold, pause) = (threshold, pauseMicroseconds) }

    /// - Parameter now: nanoseconds of any clock that only goes forward.
    mutating func add(_ items: Int, at now: Int64) {
        if now &- began >= Self.length {
            // A window that ended long ago says nothing about now.
            isLoaded = count >= threshold && now &- began < 2 * Self.length
            (began, count) = (now, 0)
        }
        count &+= items
        if count >= threshold { isLoaded = true }
    }

    /// Waits, where the load is not long past.
    func gather() { if isLoaded, Self.now() &- began < 2 * Self.length { usleep(pause) } }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
