import NIOCore
import Synchronization

/// How often each address may ask: so many requests a second in the long run, and as many at once.
///
/// Kept of an address is the moment at which all it has asked so far would have been due at an even pace; an address whose moment has passed
/// is as good as one that was never seen.
final class RequestRates: Sendable {
    private let interval: TimeAmount
    private let burst: TimeAmount
    private let due = Mutex<[String: NIODeadline]>([:])
    /// Addresses kept at a time. Whoever invents more of them makes the others' count begin anew, and gains no memory.
    static let capacity = 16_384

    init(perSecond: Int) {
        interval = .nanoseconds(1_000_000_000 / Int64(max(1, perSecond)))
        burst = .seconds(1)
    }

    func admits(_ address: String, now: NIODeadline) -> Bool {
        due.withLock { due in
            let next = max(due[address] ?? now, now) + interval
            guard next - now <= burst else { return false }
            if due.count >= Self.capacity, due[address] == nil {
                due = due.filter { $0.value > now }
                if due.count >= Self.capacity { due.removeAll() }
            }
            due[address] = next
            return true
        }
    }
}
