import AddressPlan
import BootPolicy
import DatagramIO
import Synchronization

/// A change on its way to the disk, with the reply that waits for it. A class: it goes from list to list.
final class PendingCommit: Sendable {
    let change: LeaseChange
    let reply: PreparedReply?
    /// Why the reply has no boot program.
    let refusal: DHCPRefusal?
    /// `nil` for what no message asked for.
    let witness: Witness?
    /// Told what became of the change.
    let answer: (@Sendable (LeaseCommitOutcome) -> Void)?

    init(
        change: LeaseChange, reply: PreparedReply? = nil, refusal: DHCPRefusal? = nil, witness: Witness? = nil,
        answer: (@Sendable (LeaseCommitOutcome) -> Void)? = nil
    ) {
        (self.change, self.reply, self.refusal) = (change, reply, refusal)
        (self.witness, self.answer) = (witness, answer)
    }
}

/// From the thread that decides to the thread that commits. Bounded: what does not fit is refused, and its client asks again.
final class CommitQueue: Sendable {
    private struct State {
        var items: [PendingCommit] = []
        var isClosed = false
        /// The other thread found nothing, and sleeps or is about to.
        var isAwaited = false
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp
    private let limit: Int

    init(limit: Int) throws(SocketError) {
        self.limit = max(1, limit)
        wakeUp = try WakeUp()
    }

    /// How many of the items, from the first on, were taken: fewer than all when the queue is full or closed.
    func push(_ items: [PendingCommit]) -> Int {
        let (taken, isAwaited) = state.withLock { state in
            let room = state.isClosed ? 0 : max(0, limit - state.items.count)
            state.items += items.prefix(room)
            defer { state.isAwaited = false }
            return (min(items.count, room), state.isAwaited)
        }
        if isAwaited { wakeUp.signal() }
        return taken
    }

    /// Nothing more will come; what is there is still handed out.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.signal()
    }

    /// Waits for something, then takes up to `most`; `nil` when the queue is closed and empty.
    ///
    /// What arrives during one commit makes the next: a group commit without a timer.
    func take(most: Int) throws(SocketError) -> [PendingCommit]? {
        while true {
            let (items, isClosed) = state.withLock { state in
                var items: [PendingCommit] = []
                if state.items.count <= most {
                    swap(&items, &state.items)
                } else {
                    items = Array(state.items.prefix(most))
                    state.items.removeFirst(most)
                }
                state.isAwaited = items.isEmpty
                return (items, state.isClosed)
            }
            if !items.isEmpty { return items }
            if isClosed { return nil }
            _ = try Readiness.wait(for: [wakeUp.descriptor], milliseconds: -1)
            wakeUp.clear()
        }
    }
}
