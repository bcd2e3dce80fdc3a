package import Primitives

extension LeaseTable {
    /// A free address that nobody ever had, else the one that has been free for longest; `nil` when there is none.
    mutating func freeAddress(in subnet: ServedSubnet, now: Int64) -> IPv4Address? {
        let prefix = subnet.plan.prefix
        if !searches.hasQueue(prefix) {
            if let fresh = freshAddress(in: subnet) { return fresh }
            searches.begin(FreeQueue(poolAddresses(of: subnet)), prefix)
        }
        return longestFree(in: subnet, now: now)
    }

    /// The next address without a record. Each address of the pools is passed once.
    private mutating func freshAddress(in subnet: ServedSubnet) -> IPv4Address? {
        let pools = subnet.plan.pools
        var position = searches[subnet.plan.prefix]
        if position.pool >= pools.count { position = PoolPosition() }
        for _ in 0..<Self.size(of: pools) {
            searches.steps &+= 1
            guard let address = Self.step(&position, through: pools), records[address] == nil, subnet.mayGive(address) else { continue }
            searches[subnet.plan.prefix] = position
            return address
        }
        return nil
    }

    private func poolAddresses(of subnet: ServedSubnet) -> [FreeQueue.Element] {
        var elements: [FreeQueue.Element] = []
        var position = PoolPosition()
        for _ in 0..<Self.size(of: subnet.plan.pools) {
            guard let address = Self.step(&position, through: subnet.plan.pools), subnet.mayGive(address) else { continue }
            elements.append(FreeQueue.Element(freeFrom: records[address]?.freeFrom ?? .min, address: address))
        }
        return elements
    }

    private mutating func longestFree(in subnet: ServedSubnet, now: Int64) -> IPv4Address? {
        var (steps, isOvergrown) = (0 as UInt64, false)
        let found = searches.search(subnet.plan.prefix) { [records] queue in
            while let first = queue.first {
                steps += 1
                let record = records[first.address]
                guard first.freeFrom == record?.freeFrom ?? .min, subnet.mayGive(first.address) else {
                    queue.removeFirst()
                    continue
                }
                isOvergrown = queue.isOvergrown
                // What was given back holds nothing, whatever the clock says.
                let isFree = first.freeFrom <= now || record.map { !$0.anyClaim { $0.isHeld(at: now) } } ?? true
                return isFree ? first.address : nil
            }
            return nil
        }
        searches.steps &+= steps
        if isOvergrown { searches.begin(FreeQueue(poolAddresses(of: subnet)), subnet.plan.prefix) }
        return found
    }

    /// The free addresses that clients without one are given next, at most `most`, in that order. Changes nothing, and looks at a few records only.
    package func nextAddresses(in subnet: ServedSubnet, most: Int, now: Int64) -> [IPv4Address] {
        let prefix = subnet.plan.prefix
        if searches.hasQueue(prefix) {
            return searches.front(of: prefix, most: most) { element in
                guard subnet.mayGive(element.address) else { return false }
                return !(records[element.address]?.anyClaim { $0.isHeld(at: now) } ?? false)
            }
        }
        let pools = subnet.plan.pools
        var position = searches[prefix]
        if position.pool >= pools.count { position = PoolPosition() }
        var found: [IPv4Address] = []
        for _ in 0..<min(Self.size(of: pools), 4096) where found.count < most {
            guard let address = Self.step(&position, through: pools), records[address] == nil, subnet.mayGive(address) else { continue }
            found.append(address)
        }
        return found
    }

    /// The plan has changed: what was full may have room.
    package mutating func planChanged() { searches.forget() }

    /// Records that searches for free addresses have looked at since the last change of the plan.
    package var searchSteps: UInt64 { searches.steps }

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
