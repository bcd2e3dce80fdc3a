/// Many alarms at little cost: slots of a millisecond each, round and round. An alarm that is not wanted any more stays until its time; whoever set it
/// knows what it wants.
package struct TimerWheel<Element> {
    private struct Alarm {
        var tick: Int64
        var element: Element
    }

    private var slots: [[Alarm]]
    /// Every alarm up to here has gone off.
    package private(set) var now: Int64
    /// No alarm is earlier; it may be later.
    private var earliest = Int64.max
    package private(set) var count = 0

    /// Ticks are milliseconds.
    package init(slots: Int = 1024, now: Int64) {
        self.slots = Array(repeating: [], count: max(1, slots))
        self.now = now
    }

    /// Goes off with the first `advance(to:)` that reaches `tick`, and at once where that has passed.
    package mutating func insert(_ element: Element, at tick: Int64) {
        let tick = max(tick, now + 1)
        slots[Int(tick % Int64(slots.count))].append(Alarm(tick: tick, element: element))
        earliest = min(earliest, tick)
        count += 1
    }

    /// When to advance next; `nil` without alarms.
    package var next: Int64? { count > 0 ? earliest : nil }

    /// What goes off until then, with its tick, in no order.
    package mutating func advance(to tick: Int64) -> [(Int64, Element)] {
        guard tick > now else { return [] }
        defer { now = tick }
        guard count > 0, earliest <= tick else { return [] }
        var due: [(Int64, Element)] = []
        // Nothing is earlier than `earliest`, and once round is every slot.
        let first = max(now + 1, earliest)
        for step in first...min(tick, first + Int64(slots.count) - 1) {
            let slot = Int(step % Int64(slots.count))
            guard !slots[slot].isEmpty else { continue }
            due += slots[slot].filter { $0.tick <= tick }.map { ($0.tick, $0.element) }
            slots[slot].removeAll { $0.tick <= tick }
        }
        count -= due.count
        earliest = Int64.max
        if count > 0 { earliest = findEarliest(after: tick) }
        return due
    }

    private func findEarliest(after tick: Int64) -> Int64 {
        for step in tick + 1...tick + Int64(slots.count) where slots[Int(step % Int64(slots.count))].contains(where: { $0.tick == step }) {
            return step
        }
        // All are more than one round away: look again after one.
        return tick + Int64(slots.count)
    }
}
