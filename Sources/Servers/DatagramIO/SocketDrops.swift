import Synchronization

/// What the kernel dropped at a server's sockets. It asks the sockets when it is asked.
package final class SocketDrops: Sendable {
    private struct State {
        var sockets: [UDPSocket] = []
        /// Of those before.
        var gone: UInt64 = 0

        var total: UInt64 { sockets.reduce(gone) { $0 + UInt64($1.drops) } }
    }

    private let state = Mutex(State())

    package init() {}

    /// These in the place of those before, which may then be closed.
    package func watch(_ sockets: [UDPSocket]) { state.withLock { $0 = State(sockets: sockets, gone: $0.total) } }

    package var total: UInt64 { state.withLock(\.total) }
}
