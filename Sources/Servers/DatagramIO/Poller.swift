import CSockets

/// Waits for many descriptors at once (epoll), at a cost that grows only with those that are ready.
package final class Poller {
    package struct Event {
        /// What the descriptor was added with.
        package var tag: Int
        package var isReadable: Bool
        package var isWritable: Bool
    }

    private let epoll: Descriptor
    private var events = Array(repeating: csockets_event(), count: Int(CSOCKETS_BATCH))

    package init() throws(SocketError) {
        epoll = Descriptor(owning: try SocketError.check(csockets_epoll(), "make an epoll descriptor"))
    }

    package func add(_ descriptor: Descriptor, tag: Int) throws(SocketError) {
        let result = csockets_epoll_watch(epoll.number, descriptor.number, UInt32(truncatingIfNeeded: tag), 1, 0)
        _ = try SocketError.check(result, "watch a descriptor")
    }

    /// Whether to report that a descriptor, which was added before, takes more to send.
    package func watch(_ descriptor: Descriptor, tag: Int, forWriting: Bool) throws(SocketError) {
        let result = csockets_epoll_watch(epoll.number, descriptor.number, UInt32(truncatingIfNeeded: tag), 0, forWriting ? 1 : 0)
        _ = try SocketError.check(result, "watch a descriptor")
    }

    /// Empty after `milliseconds` (negative waits for ever), or when a signal came.
    package func wait(milliseconds: Int32) throws(SocketError) -> [Event] {
        let count = events.withUnsafeMutableBufferPointer { csockets_epoll_wait(epoll.number, $0.baseAddress, Int32($0.count), milliseconds) }
        return events.prefix(Int(try SocketError.check(count, "wait for descriptors"))).map {
            Event(tag: Int($0.tag), isReadable: $0.readable != 0, isWritable: $0.writable != 0)
        }
    }
}
