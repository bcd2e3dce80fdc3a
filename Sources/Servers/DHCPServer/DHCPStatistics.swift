import BootPolicy
import DHCPWire
import Metrics
import Synchronization

/// What the server has counted since it started. Counters of the metrics backend go along.
package final class DHCPStatistics: Sendable {
    package struct Snapshot: Sendable, Hashable, Codable {
        /// By message type: `discover`, `request`, ….
        package var received: [String: UInt64] = [:]
        /// By message type: `offer`, `acknowledgement`, `negative-acknowledgement`.
        package var sent: [String: UInt64] = [:]
        /// By the name of the refusal.
        package var refused: [String: UInt64] = [:]
        /// Commits to the store, and the changes in them: their ratio says how well commits are shared.
        package var commits: UInt64 = 0
        package var committedChanges: UInt64 = 0
        /// Leases and offers in memory, at the last look.
        package var leases: UInt64 = 0
        package init() {}
    }

    private struct State {
        var snapshot = Snapshot()
        var counters: [String: Counter] = [:]

        mutating func count(_ label: String, _ dimension: String, _ value: String) {
            let key = "\(label) \(value)"
            let counter = counters[key] ?? Counter(label: label, dimensions: [(dimension, value)])
            counters[key] = counter
            counter.increment()
        }
    }

    private let state = Mutex(State())

    package init() {}

    package var snapshot: Snapshot { state.withLock(\.snapshot) }

    func received(_ type: DHCPMessageType) {
        state.withLock {
            $0.snapshot.received[type.label, default: 0] &+= 1
            $0.count("bennu_dhcp_received", "type", type.label)
        }
    }

    func sent(_ type: DHCPMessageType) {
        state.withLock {
            $0.snapshot.sent[type.label, default: 0] &+= 1
            $0.count("bennu_dhcp_sent", "type", type.label)
        }
    }

    func refused(_ refusal: DHCPRefusal) {
        state.withLock {
            $0.snapshot.refused[refusal.rawValue, default: 0] &+= 1
            $0.count("bennu_dhcp_refused", "reason", refusal.rawValue)
        }
    }

    func committed(_ changes: Int) {
        state.withLock {
            $0.snapshot.commits &+= 1
            $0.snapshot.committedChanges &+= UInt64(clamping: changes)
        }
    }

    func holding(_ leases: Int) { state.withLock { $0.snapshot.leases = UInt64(clamping: leases) } }
}

extension DHCPMessageType {
    /// For counters and the timeline; a stranger cannot make new ones.
    var label: String {
        switch self {
        case .discover: "discover"
        case .offer: "offer"
        case .request: "request"
        case .decline: "decline"
        case .acknowledgement: "acknowledgement"
        case .negativeAcknowledgement: "negative-acknowledgement"
        case .release: "release"
        case .inform: "inform"
        default: "other"
        }
    }
}
