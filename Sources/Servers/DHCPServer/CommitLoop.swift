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
    /// What one commit makes durable at most.
    static let batchLimit = StoredLeases.mostWrites

    let queue: CommitQueue
    let leases: any LeaseStore
    let results: CommitResults
    let sender: ReplySender
    let statistics: DHCPStatistics
    let trace: DHCPTrace

    /// Until the queue is closed and empty.
    func run() throws(SocketError) {
        while let batch = try queue.take(most: Self.batchLimit) {
            var outcomes = leases.commit(batch.map(\.change))
            while outcomes.count < batch.count { outcomes.append(.unknown("the store gave no outcome")) }
            statistics.committed(batch.count)
            acknowledge(batch, outcomes)
            // Nobody is woken for them: nothing depends on them before the next message or order.
            results.post(zip(batch, outcomes).map { CommitResults.Result(change: $0.change, outcome: $1) })
            for (pending, outcome) in zip(batch, outcomes) { pending.answer?(outcome) }
        }
    }

    private func acknowledge(_ batch: [PendingCommit], _ outcomes: [LeaseCommitOutcome]) {
        for (pending, outcome) in zip(batch, outcomes) { tell(pending, outcome) }
        let durable = zip(batch, outcomes).filter { $1 == .durable && $0.reply != nil }.map(\.0)
        let errors = sender.send(durable.compactMap(\.reply))
        let time = trace.time
        for (pending, error) in zip(durable, errors) {
            if let error {
                refuse(pending, .sendFailed, error.description)
            } else if let reply = pending.reply {
                statistics.sent(.acknowledgement)
                trace.sent(reply, clientPort: sender.clientPort, at: time)
                pending.witness?.sent(reply)
            }
        }
    }

    /// What is not as it was asked.
    private func tell(_ pending: PendingCommit, _ outcome: LeaseCommitOutcome) {
        switch outcome {
        case .durable:
            guard let refusal = pending.refusal else { return }
            refuse(pending, refusal, "\(pending.reply?.message?.yourAddress ?? .any) without a boot program")
        case .conflict(let address, current: _): refuse(pending, .commitConflict, "the store has something else for \(address)")
        case .failed(let detail): refuse(pending, .commitFailed, detail)
        case .unknown(let detail): refuse(pending, .commitUnknown, detail)
        }
    }

    private func refuse(_ pending: PendingCommit, _ refusal: DHCPRefusal, _ detail: String) {
        // Only a DHCPREQUEST has a reply that waits for the disk.
        statistics.refused(refusal, of: pending.reply == nil ? nil : .request)
        if let reply = pending.reply, refusal.isOurs { trace.sent(reply, clientPort: sender.clientPort, notFor: refusal, at: trace.time) }
        pending.witness?.refused(refusal, detail: detail)
    }
}
