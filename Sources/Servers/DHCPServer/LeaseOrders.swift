package import AddressPlan
import DatagramIO
import Fleet
package import HostContract
package import OperatorTypes
package import Primitives
import Synchronization

/// What operators ask of the thread that owns the lease table.
enum LeaseOrder: Sendable {
    case list(@Sendable (Result<LeaseTable, APIProblem>) -> Void)
    case use(@Sendable (Result<AddressUse, APIProblem>) -> Void)
    case release(IPv4Address, @Sendable (Result<Lease, APIProblem>) -> Void)
    /// What to ask on our links; empty when the server stops.
    case nextProbes(@Sendable ([ProbeTarget]) -> Void)
    /// A machine answered for an address that was free.
    case conflict(IPv4Address, HardwareAddress)
}

/// Orders on their way to that thread.
package final class LeaseOrders: LeaseDesk {
    private struct State {
        var wakeUp: WakeUp?
        var waiting: [LeaseOrder] = []
    }

    private let state = Mutex(State())

    init() {}

    /// From now on somebody takes the orders.
    func open(_ wakeUp: WakeUp) { state.withLock { $0.wakeUp = wakeUp } }

    /// Nobody takes them any more; those that wait are answered so.
    func close() {
        let left = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for order in left { Self.refuse(order) }
    }

    func take() -> [LeaseOrder] {
        state.withLock { state in
            guard !state.waiting.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    func give(_ order: LeaseOrder) {
        let wakeUp = state.withLock { state in
            if state.wakeUp != nil { state.waiting.append(order) }
            return state.wakeUp
        }
        if let wakeUp { wakeUp.signal() } else { Self.refuse(order) }
    }

    private static func refuse(_ order: LeaseOrder) {
        let problem = APIProblem(code: "dhcp-stopped", message: "the DHCP server does not run")
        switch order {
        case .list(let answer): answer(.failure(problem))
        case .use(let answer): answer(.failure(problem))
        case .release(_, let answer): answer(.failure(problem))
        case .nextProbes(let answer): answer([])
        case .conflict: break
        }
    }

    package func leases() async throws(APIProblem) -> [Lease] {
        // A table is a value: it is sorted here, and not in the thread that serves.
        let table = await withCheckedContinuation { continuation in give(.list { continuation.resume(returning: $0) }) }
        return try table.get().leases
    }

    package func use() async throws(APIProblem) -> AddressUse {
        let use = await withCheckedContinuation { continuation in give(.use { continuation.resume(returning: $0) }) }
        return try use.get()
    }

    package func release(_ address: IPv4Address) async throws(APIProblem) -> Lease {
        let result = await withCheckedContinuation { continuation in give(.release(address) { continuation.resume(returning: $0) }) }
        return try result.get()
    }
}
