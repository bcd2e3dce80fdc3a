/// Who or what holds something at each relay circuit. A circuit where nothing is held takes no memory.
struct CircuitCounts: Sendable {
    private var holders: [RelayCircuit: HolderCounts] = [:]
    /// With so many circuits, those whose holders' time is over are forgotten: a look at all of them each time that their number has doubled.
    private var nextSweep = Self.fewest
    private static let fewest = 64

    /// Circuits that are remembered, some of them for nothing that still holds.
    var remembered: Int { holders.count }

    mutating func admits(_ key: UInt64, at circuit: RelayCircuit, most: Int, now: Int64) -> Bool {
        if holders.count >= nextSweep { forgetEnded(at: now) }
        return holders[circuit]?.admits(key, most: most, now: now) ?? true
    }

    mutating func hold(_ key: UInt64, at circuit: RelayCircuit, until end: Int64) { holders[circuit, default: HolderCounts()].hold(key, until: end) }

    mutating func release(_ key: UInt64, at circuit: RelayCircuit) {
        guard let index = holders.index(forKey: circuit) else { return }
        holders.values[index].release(key)
        if holders.values[index].isEmpty { holders.remove(at: index) }
    }

    /// How many hold something now; no circuit without one.
    func counts(at now: Int64) -> [RelayCircuit: Int] { holders.mapValues { $0.count(at: now) }.filter { $0.value > 0 } }

    private mutating func forgetEnded(at now: Int64) {
        holders = holders.filter { $0.value.count(at: now) > 0 }
        nextSweep = max(Self.fewest, 2 * holders.count)
    }
}
