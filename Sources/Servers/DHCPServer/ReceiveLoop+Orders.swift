import AddressPlan
import HostContract
import Primitives

extension ReceiveLoop {
    /// What operators asked for since the last look.
    mutating func takeOrders() {
        for order in orders.take() {
            switch order {
            case .list(let answer): answer(.success(responder.table))
            case .use(let answer): answer(.success(responder.addressUse(at: clock())))
            case .release(let address, let answer): release(address, answer)
            case .nextProbes(let answer): answer(nextProbes())
            case .conflict(let address, let hardware): quarantine(address, usedBy: hardware)
            }
        }
    }

    /// It holds at once, and is answered when it is durable.
    private mutating func release(_ address: IPv4Address, _ answer: @escaping @Sendable (Result<Lease, APIProblem>) -> Void) {
        do throws(RevocationRefusal) {
            switch try responder.table.revoke(address, now: clock()) {
            case .withdrawn(let offer):
                responder.forget(offer, now: clock())
                answer(.success(offer))
            case .change(let change):
                guard let lease = change.leases.first else { return answer(.failure(RevocationRefusal.unknown.problem(address))) }
                responder.forget(lease, now: clock())
                let pending = PendingCommit(change: change) { outcome in
                    answer(outcome == .durable ? .success(lease) : .failure(outcome.problem(address)))
                }
                guard queue.push([pending]) == 0 else { return }
                responder.table.revert(change)
                answer(.failure(APIProblem(code: "dhcp-busy", message: "too many leases wait for the disk; try again")))
            }
        } catch {
            answer(.failure(error.problem(address)))
        }
    }
}

extension RevocationRefusal {
    fileprivate func problem(_ address: IPv4Address) -> APIProblem {
        switch self {
        case .unknown: APIProblem(code: "unknown-lease", message: "no lease of \(address) is known; see: bennu lease list")
        case .ended(let lease):
            APIProblem(
                code: "lease-ended",
                message: "the lease of \(address) has ended already (\(lease.state.rawValue)); \(lease.hardwareAddress) only had it last")
        }
    }
}

extension LeaseCommitOutcome {
    fileprivate func problem(_ address: IPv4Address) -> APIProblem {
        let cause =
            switch self {
            case .durable: ""
            case .conflict(let address, current: _): "the store has something else for \(address)"
            case .failed(let detail): detail
            case .unknown(let detail): "it may or may not be written: \(detail)"
            }
        return APIProblem(code: "not-durable", message: "the release of \(address) could not be written; try again", cause: cause)
    }
}
