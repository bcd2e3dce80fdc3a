import CSockets
import Glibc

/// Wakes a thread that waits in `poll` (eventfd). Any number of signals before the thread looks are one.
package struct WakeUp: Sendable {
    package let descriptor: Descriptor

    package init() throws(SocketError) {
        descriptor = Descriptor(owning: try SocketError.check(csockets_eventfd(), "make an eventfd"))
    }

    package func signal() {
        var one: UInt64 = 1
        // It can only fail when the counter is full, and then the thread wakes as well.
        _ = write(descriptor.number, &one, 8)
    }

    /// Forgets the signals so far.
    package func clear() {
        var count: UInt64 = 0
        _ = read(descriptor.number, &count, 8)
    }
}

/// Waiting for descriptors to have something to read.
package enum Readiness {
    /// Which of the descriptors are ready, in order; all false after `milliseconds` (negative waits for ever), or when a signal came.
    package static func wait(for descriptors: [Descriptor], milliseconds: Int32) throws(SocketError) -> [Bool] {
        var polled = descriptors.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
        let count = poll(&polled, nfds_t(polled.count), milliseconds)
        if count < 0 {
            guard errno == EINTR else { throw SocketError("poll", code: errno) }
            return descriptors.map { _ in false }
        }
        return polled.map { $0.revents != 0 }
    }
}
