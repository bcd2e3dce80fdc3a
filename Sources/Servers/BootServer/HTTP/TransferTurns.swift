import NIOCore

/// The transfers of one event loop that had their turn and could go on at once, because their clients take bytes as fast as they are given.
///
/// An event loop runs every task that is due before it looks at its sockets again, so a transfer that went on by a task of its own would keep
/// all others waiting. Here a few go on at a time, and the sockets are looked at in between.
final class TransferTurns: Sendable {
    typealias Continuation = () -> Void

    private let eventLoop: any EventLoop
    private let waiting: NIOLoopBoundBox<CircularBuffer<Continuation>>
    private static let together = 4

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        waiting = .makeBoxSendingValue(CircularBuffer(), eventLoop: eventLoop)
    }

    /// Calls `continuation` after others had their turn; on the event loop.
    func wait(_ continuation: @escaping Continuation) {
        waiting.value.append(continuation)
        if waiting.value.count == 1 { schedule() }
    }

    /// In the future, if only just: what is due now runs before the sockets.
    private func schedule() { eventLoop.scheduleTask(in: .microseconds(5)) { self.goOn() } }

    private func goOn() {
        // The first stays in its place until they all went on, so that `wait` does not schedule as well.
        let count = min(waiting.value.count, Self.together)
        for index in 0..<count { waiting.value[offset: index]() }
        waiting.value.removeFirst(count)
        if !waiting.value.isEmpty { schedule() }
    }
}

extension CircularBuffer {
    fileprivate subscript(offset offset: Int) -> Element { self[index(startIndex, offsetBy: offset)] }
}
