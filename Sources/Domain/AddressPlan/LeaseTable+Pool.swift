import Primitives

/// A place in the pools of a subnet.
struct PoolPosition: Sendable, Hashable {
    var pool = 0
    var offset: UInt32 = 0
}

extension LeaseTable {
    /// A free address that nobody ever had, else the one that has been free for longest; `nil` when there is none.
    ///
    /// The cursor makes a fresh address cheap to find; a pool that is full is not searched again before something may have changed.
    mutating func freeAddress(in subnet: ServedSubnet, now: Int64) -> IPv4Address? {
        let name = subnet.plan.name
        if let until = exhaustedUntil[name], now < until { return nil }
        var position = cursors[name] ?? PoolPosition()
        if position.pool >= subnet.plan.pools.count { position = PoolPosition() }
        var oldest: Lease?
        var earliest = Lease.never
        for _ in 0..<Self.size(of: subnet.plan.pools) {
            let address = Self.step(&position, through: subnet.plan.pools)
            guard let address, subnet.owners[address] == nil, subnet.isInPool(address) else { continue }
            guard let record = records[address] else {
                cursors[name] = position
                return address
            }
            var end: Int64 = 0
            _ = record.anyClaim { claim in
                if claim.state != .released { end = max(end, claim.expires) }
                return false
            }
            if end > now {
                earliest = min(earliest, end)
            } else if oldest.map({ $0.expires > record.current.expires }) ?? true {
                oldest = record.current
            }
        }
        if let oldest { return oldest.address }
        // A minute at most: a new generation of the plan may have more pools.
        exhaustedUntil[name] = min(earliest, Lease.expiry(after: 60, from: now))
        return nil
    }

    /// The plan has changed: what was full may have room.
    package mutating func planChanged() {
        exhaustedUntil.removeAll()
        cursors.removeAll()
    }

    private static func size(of pools: [ClosedRange<IPv4Address>]) -> UInt64 {
        pools.reduce(0) { $0 &+ UInt64($1.upperBound.value &- $1.lowerBound.value) &+ 1 }
    }

    /// The address at the position, which moves to the next one and round again at the end.
    private static func step(_ position: inout PoolPosition, through pools: [ClosedRange<IPv4Address>]) -> IPv4Address? {
        guard pools.indices.contains(position.pool) else { return nil }
        let pool = pools[position.pool]
        let address = pool.lowerBound.advanced(by: position.offset)
        if address.map({ $0 >= pool.upperBound }) ?? true {
            position = PoolPosition(pool: (position.pool + 1) % pools.count, offset: 0)
        } else {
            position.offset &+= 1
        }
        return address.flatMap { pool.contains($0) ? $0 : nil }
    }
}
