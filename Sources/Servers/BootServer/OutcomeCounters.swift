import Metrics
import Synchronization

/// How often each named thing happened: refusals, and what went well. Names come from closed sets of ours, never from the network.
package final class OutcomeCounters: Sendable {
    private let label: String
    private let counts = Mutex<[String: Int]>([:])

    /// `label` is the metric's name: `bennu_boot_http`.
    package init(label: String) { self.label = label }

    package func count(_ name: String) {
        counts.withLock { $0[name, default: 0] += 1 }
        Counter(label: label, dimensions: [("outcome", name)]).increment()
    }

    package subscript(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
    package var all: [String: Int] { counts.withLock { $0 } }
}
