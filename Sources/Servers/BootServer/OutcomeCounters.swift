import Metrics
import Synchronization

/// How often each named thing happened: refusals, and what went well. Names come from closed sets of ours, never from the network.
package final class OutcomeCounters: Sendable {
    private let label: String
    private let counts = Mutex<[String: (count: Int, metric: Counter)]>([:])

    /// `label` is the metric's name: `bennu_boot_http`.
    package init(label: String) { self.label = label }

    package func count(_ name: String) {
        let metric = counts.withLock { counts in
            counts[name, default: (0, Counter(label: label, dimensions: [("outcome", name)]))].count += 1
            return counts[name]?.metric
        }
        metric?.increment()
    }

    package subscript(_ name: String) -> Int { counts.withLock { $0[name]?.count ?? 0 } }
    package var all: [String: Int] { counts.withLock { $0.mapValues(\.count) } }
}
