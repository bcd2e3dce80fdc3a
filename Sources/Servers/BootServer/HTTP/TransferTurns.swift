import NIOCore

/// The transfers of one event loop that had their turn and could go on at once, because their clients take bytes as fast as they are given.
///
/// An event loop runs every task that is due before it looks at its sockets again, so a transfer that went on by a task of its own would keep
/// all others waiting. Here a few go on at a time, and the sockets are looked at in between.
final class TransferTurns: Sendable {
    typealias Continuation = () -> Void

    private let eventLoop: any EventLoop
    private let line: NIOLoopBoundBox<Line>
    private static let together = 4

    private struct Line {
        var waiting = CircularBuffer<Continuation>()
        /// A few go on, now or in a moment.
        var isMoving = false
    }

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        line = .makeBoxSendingValue(Line(), eventLoop: eventLoop)
    }

    /// How many wait; on the event loop.
    var count: Int { line.value.waiting.count }

    /// Calls `continuation` after others had their turn; on the event loop.
    func wait(_ continuation: @escaping Continuation) {
        line.value.waiting.append(continuation)
        if !line.value.isMoving { schedule() }
    }

    /// In the future, if only just: what is due now runs before the sockets.
    private func schedule() {
        line.value.isMoving = true
        eventLoop.scheduleTask(in: .microseconds(5)) { self.goOn() }
    }

    private func goOn() {
        for _ in 0..<min(count, Self.together) { line.value.waiting.removeFirst()() }
        line.value.isMoving = false
        if count > 0 { schedule() }
    }
}
