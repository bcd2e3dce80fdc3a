import AddressPlan
import BootPolicy
import DHCPWire
import DatagramIO
import Primitives
import Synchronization

/// What became of changes: for the thread that owns the lease table.
final class CommitResults: Sendable {
    struct Result: Sendable {
        let change: LeaseChange
        let outcome: LeaseCommitOutcome
    }

    private let results = Mutex<[Result]>([])

    func post(_ new: [Result]) { results.withLock { $0 += new } }

    func take() -> [Result] {
        results.withLock { results in
            defer { results = [] }
            return results
        }
    }
}

/// The thread that makes leases durable, and only then sends their DHCPACKs.
struct CommitLoop: Sendable {
    /// The store's limit for one batch.
    static let batchLimit = 64

    let queue: CommitQueue
    let leases: any LeaseStore
    let results: CommitResults
    /// Wakes the thread that owns the lease table.
    let wakeUp: WakeUp
    let sender: ReplySender
    let statistics: DHCPStatistics

    /// Until the queue is closed and empty.
    func run() throws(SocketError) {
        while let batch = try queue.take(most: Self.batchLimit) {
            let outcomes = leases.commit(batch.map(\.change))
            statistics.committed(batch.count)
            for (index, pending) in batch.enumerated() {
                finish(pending, outcomes.indices.contains(index) ? outcomes[index] : .unknown("the store gave no outcome"))
            }
            results.post(
                batch.enumerated().map { index, pending in
                    CommitResults.Result(
                        change: pending.change, outcome: outcomes.indices.contains(index) ? outcomes[index] : .unknown("no outcome"))
                })
            wakeUp.signal()
        }
    }

    private func finish(_ pending: PendingCommit, _ outcome: LeaseCommitOutcome) {
        switch outcome {
        case .durable:
            if let refusal = pending.refusal {
                refuse(pending, refusal, "\(pending.reply?.message.yourAddress ?? .any) without a boot program")
            }
            guard let reply = pending.reply else { return }
            if let error = sender.send(reply) { return refuse(pending, .sendFailed, error.description) }
            statistics.sent(.acknowledgement)
            pending.witness.sent(reply.message)
        case .conflict(let address, current: _): refuse(pending, .commitConflict, "the store has something else for \(address)")
        case .failed(let detail): refuse(pending, .commitFailed, detail)
        case .unknown(let detail): refuse(pending, .commitUnknown, detail)
        }
    }

    private func refuse(_ pending: PendingCommit, _ refusal: DHCPRefusal, _ detail: String) {
        statistics.refused(refusal)
        pending.witness.refused(refusal, detail: detail)
    }
}
