import Primitives

/// Values by whole numbers that strangers choose. One number is two multiplications, the first by a factor of this table's own: numbers that
/// were chosen to collide do not. With the first alone, numbers in a row lie in heaps wherever the factor has bad luck. Values stand one
/// behind another, and cost nothing beside themselves. A slot has part of the product beside the place, so that a search looks at no other
/// number's key, which would have to be fetched from memory.
struct NumberTable<Value: Sendable>: Sendable {
    private(set) var keys: [UInt64] = []
    private(set) var values: [Value] = []
    /// A power of two, at most half of it used.
    private(set) var slots = [Slot](repeating: .empty, count: 8)
    private let factor = UInt64.random(in: 0 ... .max) | 1

    /// Where a number's value is, and the lower half of what `mix` makes of the number.
    struct Slot {
        static var empty: Slot { Slot(place: -1, tag: 0) }
        var place: Int32
        var tag: UInt32

        var index: Int { Int(place) }
        var isUsed: Bool { place >= 0 }
    }

    var count: Int { keys.count }
    var isEmpty: Bool { keys.isEmpty }

    subscript(_ key: UInt64) -> Value? {
        get {
            guard let slot = slot(of: key) else { return nil }
            return values[slots[slot].index]
        }
        set {
            if let newValue { insert(newValue, key) } else { remove(key) }
        }
    }

    /// Changes a value where it stands; `nil` where there is none.
    mutating func update<Result>(_ key: UInt64, _ body: (inout Value) -> Result) -> Result? {
        guard let slot = slot(of: key) else { return nil }
        return body(&values[slots[slot].index])
    }

    func mix(_ key: UInt64) -> UInt64 {
        let (high, low) = key.multipliedFullWidth(by: factor)
        return (high ^ low) &* 0x9e37_79b9_7f4a_7c15
    }

    func home(_ mixed: UInt64) -> Int { Int(truncatingIfNeeded: mixed >> UInt64(64 - slots.count.trailingZeroBitCount)) }

    private func slot(of key: UInt64) -> Int? {
        let mixed = mix(key)
        let tag = UInt32(truncatingIfNeeded: mixed)
        var slot = home(mixed)
        while slots[slot].isUsed {
            if slots[slot].tag == tag, keys[slots[slot].index] == key { return slot }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func insert(_ value: Value, _ key: UInt64) {
        if let slot = slot(of: key) {
            values[slots[slot].index] = value
            return
        }
        keys.append(key)
        values.append(value)
        if keys.count * 2 > slots.count { return grow() }
        place(keys.count - 1)
    }

    private mutating func place(_ index: Int) {
        let mixed = mix(keys[index])
        var slot = home(mixed)
        while slots[slot].isUsed { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Slot(place: Int32(truncatingIfNeeded: index), tag: UInt32(truncatingIfNeeded: mixed))
    }

    private mutating func grow() {
        slots = [Slot](repeating: .empty, count: slots.count * 2)
        for index in keys.indices { place(index) }
    }

    private mutating func remove(_ key: UInt64) {
        guard let gone = slot(of: key) else { return }
        let index = slots[gone].index
        // The last value moves into the gap.
        if index < keys.count - 1, let last = slot(of: keys[keys.count - 1]) {
            slots[last].place = Int32(truncatingIfNeeded: index)
            keys.swapAt(index, keys.count - 1)
            values.swapAt(index, values.count - 1)
        }
        keys.removeLast()
        values.removeLast()
        close(gone)
    }

    /// What was pushed past this slot moves back, so that no search ends too early.
    private mutating func close(_ slot: Int) {
        var (hole, next) = (slot, slot)
        slots[hole] = .empty
        while true {
            next = (next + 1) & (slots.count - 1)
            guard slots[next].isUsed else { return }
            let wanted = home(mix(keys[slots[next].index]))
            // It may stand in the hole when its home is not between hole and where it is.
            guard (next - wanted) & (slots.count - 1) >= (next - hole) & (slots.count - 1) else { continue }
            slots.swapAt(hole, next)
            hole = next
        }
    }
}

extension NumberTable {
    subscript(_ address: IPv4Address) -> Value? {
        get { self[UInt64(address.value)] }
        set { self[UInt64(address.value)] = newValue }
    }

    subscript(_ address: HardwareAddress) -> Value? {
        get { self[address.value] }
        set { self[address.value] = newValue }
    }
}
