package import HostContract
package import Primitives

/// Brings a host's settings in force, item by item, in an order in which each finds what it rests on. One item's failure stops no other.
package struct Converger {
    /// What one pass did.
    package struct Pass: Sendable {
        package var items: [ItemStatus] = []
        /// Performed, in order, whether they succeeded or not.
        package var actions: [HostAction] = []
        /// Seconds since the kernel started, when the first item wants to be looked at again; `nil` when all are in force.
        package var nextLook: Double?
        package var isInForce: Bool { items.allSatisfy { $0.state != .failed } }
    }

    private struct Trouble {
        var failures: Int
        var due: Double
        var status: ItemStatus
        var fingerprint: Int
    }

    private let executor: ActionExecutor
    private let host: String
    private let bootAddress: HardwareAddress?
    package private(set) var memory: AgentMemory
    private var pools: [StoragePool] = []
    private var troubles: [ItemKey: Trouble] = [:]
    private var starts: [ItemKey: (repeated: Int, at: Double)] = [:]

    package init(executor: ActionExecutor, host: String, bootAddress: HardwareAddress?) {
        (self.executor, self.host, self.bootAddress) = (executor, host, bootAddress)
        memory = AgentMemory.load(from: executor.root)
    }

    /// - Parameters:
    ///   - mayStartGuests: whether the server has confirmed the placements lately.
    ///   - uptime: seconds since the kernel started.
    package mutating func pass(over settings: HostSettings, mayStartGuests: Bool, uptime: Double) -> Pass {
        var pass = Pass()
        pools = settings.storagePools
        let items = settings.items
        let wanted = Set(items.map(\.key))
        // What is to go, goes first, and in the opposite order.
        let leftovers = memory.items.filter { !wanted.contains($0.key) }.sorted { Self.rank($0.key.kind) > Self.rank($1.key.kind) }
        for entry in leftovers {
            guard let kind = Self.kinds.first(where: { $0.kind == entry.key.kind }) else { continue }
            // A guest on its way out keeps its network and its disks until it is gone.
            let isUsedByGuests = [Bridge.kind, StoragePool.kind, GuestNetwork.kind].contains(kind.kind)
            if isUsedByGuests, memory.items.contains(where: { $0.key.kind == Guest.kind && !wanted.contains($0.key) }) { continue }
            remove(entry, as: kind, mayStartGuests, uptime, &pass)
        }
        var seen: Set<ItemKey> = []
        for item in items where seen.insert(item.key).inserted { converge(item, mayStartGuests, uptime, &pass) }
        let known = wanted.union(memory.items.map(\.key))
        troubles = troubles.filter { known.contains($0.key) }
        pass.nextLook = troubles.values.map(\.due).min()
        return pass
    }

    private func view(_ mayStartGuests: Bool, _ uptime: Double) -> HostView {
        HostView(
            root: executor.root, libvirt: executor.libvirt, memory: memory, host: host, bootAddress: bootAddress,
            mayStartGuests: mayStartGuests, uptime: uptime, pools: pools, guestMemory: executor.guestMemory)
    }

    private mutating func converge(_ item: some ConvergingItem, _ mayStartGuests: Bool, _ uptime: Double, _ pass: inout Pass) {
        let view = view(mayStartGuests, uptime)
        attempt(item.key, fingerprint: item.hashValue, uptime, &pass) { () throws(HostFailure) in try item.plan(item.observe(view)) }
    }

    private mutating func remove(
        _ entry: MadeItem.Entry, as kind: any ConvergingItem.Type, _ mayStartGuests: Bool, _ uptime: Double, _ pass: inout Pass
    ) {
        let view = view(mayStartGuests, uptime)
        attempt(entry.key, fingerprint: -1, uptime, &pass) { () throws(HostFailure) in
            try kind.removal(of: entry.key.name, made: entry.item, host: view)
        }
    }

    private mutating func attempt(
        _ key: ItemKey, fingerprint: Int, _ uptime: Double, _ pass: inout Pass, _ plan: () throws(HostFailure) -> ItemPlan
    ) {
        let before = troubles[key].flatMap { $0.fingerprint == fingerprint ? $0 : nil }
        if let before, before.due > uptime {
            pass.items.append(before.status)
            return
        }
        var status = ItemStatus(item: key, state: .inForce)
        do throws(HostFailure) {
            let plan = try plan()
            if plan.actions.contains(where: \.isStart) { try holdStart(key, uptime) }
            for action in plan.actions {
                pass.actions.append(action)
                try executor.perform(action, memory: &memory)
                if action.isStart { noteStart(key, uptime) }
            }
            status.detail = plan.note
            let isChange = plan.actions.contains { !$0.isBookkeeping }
            if isChange { status.state = .changed }
            guard plan.isWaiting else {
                troubles[key] = nil
                pass.items.append(status)
                return
            }
            status.state = .failed
            troubles[key] = Trouble(failures: before?.failures ?? 0, due: uptime + 2, status: status, fingerprint: fingerprint)
        } catch {
            status.state = .failed
            status.detail = error.description
            let failures = (before?.failures ?? 0) + 1
            troubles[key] = Trouble(failures: failures, due: uptime + Self.delay(failures), status: status, fingerprint: fingerprint)
        }
        pass.items.append(status)
    }

    /// A guest that stops soon after it is started is started less and less often.
    private func holdStart(_ key: ItemKey, _ uptime: Double) throws(HostFailure) {
        guard let last = starts[key], uptime < last.at + Self.delay(last.repeated) else { return }
        throw HostFailure(.notEffective, "it stopped \(Int(uptime - last.at)) s after its start")
    }

    private mutating func noteStart(_ key: ItemKey, _ uptime: Double) {
        let isRepeated = starts[key].map { uptime - $0.at < 300 } ?? false
        starts[key] = (isRepeated ? (starts[key]?.repeated ?? 0) + 1 : 0, uptime)
    }

    /// 2 s, 4 s, up to five minutes.
    static func delay(_ failures: Int) -> Double { min(300, Double(1 << min(failures, 9))) }

    private static let kinds: [any ConvergingItem.Type] = [
        HostName.self, Sysctl.self, File.self, AuthorizedKey.self, TimeServers.self, Bridge.self, StoragePool.self, GuestNetwork.self,
        Guest.self,
    ]

    private static func rank(_ kind: String) -> Int { kinds.firstIndex { $0.kind == kind } ?? -1 }
}

extension HostSettings {
    /// Every item, in the order in which they rest on each other.
    var items: [any ConvergingItem] {
        var items: [any ConvergingItem] = []
        if let hostName { items.append(HostName(hostName)) }
        items += sysctls as [any ConvergingItem]
        items += files as [any ConvergingItem]
        items += authorizedKeys as [any ConvergingItem]
        if !timeServers.isEmpty { items.append(TimeServers(timeServers)) }
        items += bridges as [any ConvergingItem]
        items += storagePools as [any ConvergingItem]
        items += networks as [any ConvergingItem]
        items += guests as [any ConvergingItem]
        return items
    }
}

extension HostAction {
    var isStart: Bool { if case .startGuest = self { true } else { false } }

    /// True for what only the agent's own memory sees.
    var isBookkeeping: Bool {
        switch self {
        case .remember, .forget, .rememberPlacement, .keepOriginal: true
        default: false
        }
    }
}
