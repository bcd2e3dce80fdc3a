package import FleetModel

extension DownloadSlots {
    /// Ends what has run out, and sets free slots aside for the first in the line.
    package mutating func settle(now: Int64) {
        if now >= nextLook {
            nextLook = now + 500
            for (host, slot) in slots where slot.expires <= now {
                release(host)
                guard var waiter = slot.keptFor else { continue }
                waiter.isLate = true
                insert(waiter)
            }
            for waiter in waiters.values where waiter.due + Self.patience <= now {
                remove(waiter)
                if let wait = wait(waiter, now: now, end: .left) { left.append(wait) }
            }
        }
        setAside(now: now)
    }

    /// Waits that ended because their hosts went away.
    package mutating func takeLeft() -> [Wait] {
        defer { left = [] }
        return left
    }

    /// Everybody who waits.
    package func places(now: Int64) -> [HostID: QueuePlace] {
        var places: [HostID: QueuePlace] = [:]
        func add(_ waiter: Waiter, before: Int) {
            let seconds = Int((now - waiter.since) / 1000)
            places[waiter.request.host] = QueuePlace(need: waiter.request.need, seconds: seconds, before: before)
        }
        for slot in slots.values { if let waiter = slot.keptFor { add(waiter, before: 0) } }
        var (all, bySubnet) = (0, [String: Int]())
        for (_, host) in line {
            guard let waiter = waiters[host] else { continue }
            let subnet = waiter.request.subnet ?? ""
            add(waiter, before: limits.total != nil ? all : bySubnet[subnet] ?? 0)
            all += 1
            bySubnet[subnet, default: 0] += 1
        }
        return places
    }

    package var loads: DownloadLoads {
        DownloadLoads(
            server: limits.total.map { DownloadLoad(limit: $0, downloading: slots.count, queued: waiters.count) },
            subnets: limits.bySubnet.reduce(into: [:]) { loads, limit in
                loads[limit.key] = DownloadLoad(limit: limit.value, downloading: held[limit.key] ?? 0, queued: queued[limit.key] ?? 0)
            })
    }

    /// First for hosts that ask soon; a slot for one that sleeps on would lie idle. A host that was passed over is the first when it wakes.
    mutating func setAside(now: Int64) {
        for horizon in [now + 5000, Int64.max] {
            guard hasRoom else { return }
            for (_, host) in line {
                guard (limits.total ?? .max) > slots.count else { return }
                guard let waiter = waiters[host], !waiter.isLate, waiter.due <= horizon, fits(waiter.request.subnet) else { continue }
                remove(waiter)
                hold(Slot(request: waiter.request, keptFor: waiter, since: now, expires: max(waiter.due, now) + Self.grace))
                if waiter.since < now { notePace(of: waiter.request.subnet, now: now) }
            }
        }
    }

    private func fits(_ subnet: String?) -> Bool {
        guard let subnet, let limit = limits.bySubnet[subnet] else { return true }
        return held[subnet] ?? 0 < limit
    }

    /// True when somebody's subnet has a slot left: most questions of a storm end here.
    private var hasRoom: Bool {
        guard !waiters.isEmpty, (limits.total ?? .max) > slots.count else { return false }
        return queued.contains { fits($0.key) }
    }

    mutating func hold(_ slot: Slot) {
        release(slot.request.host)
        slots[slot.request.host] = slot
        held[slot.request.subnet ?? "", default: 0] += 1
    }

    mutating func release(_ host: HostID) {
        guard let slot = slots.removeValue(forKey: host) else { return }
        Self.lower(&held, slot.request.subnet)
    }

    mutating func insert(_ waiter: Waiter) {
        waiters[waiter.request.host] = waiter
        queued[waiter.request.subnet ?? "", default: 0] += 1
        line.insert((waiter.place, waiter.request.host), at: index(of: waiter.place))
    }

    mutating func remove(_ waiter: Waiter) {
        guard let known = waiters.removeValue(forKey: waiter.request.host) else { return }
        Self.lower(&queued, known.request.subnet)
        let index = index(of: known.place)
        if index < line.count, line[index].host == known.request.host { line.remove(at: index) }
    }

    private static func lower(_ counts: inout [String: Int], _ subnet: String?) {
        let count = (counts[subnet ?? ""] ?? 1) - 1
        counts[subnet ?? ""] = count > 0 ? count : nil
    }

    /// The first in the line that is not before `place`.
    private func index(of place: Place) -> Int {
        var (low, high) = (0, line.count)
        while low < high {
            let middle = (low + high) / 2
            if line[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Hosts that wait for the same slots and come before this one.
    func place(before waiter: Waiter) -> Int {
        let index = index(of: waiter.place)
        guard limits.total == nil else { return index }
        return line[..<index].count { waiters[$0.host]?.request.subnet == waiter.request.subnet }
    }
}

// MARK: - How long to sleep

extension DownloadSlots {
    /// How quickly slots come free.
    struct Pace {
        var last: Int64
        /// Milliseconds between two of them, of late.
        var interval = 1000.0
    }

    private func key(_ subnet: String?) -> String { limits.total != nil ? "" : subnet ?? "" }

    mutating func notePace(of subnet: String?, now: Int64) {
        guard var pace = paces[key(subnet)] else { return paces[key(subnet)] = Pace(last: now) }
        pace.interval += (Double(min(now - pace.last, 60_000)) - pace.interval) / 16
        pace.last = now
        paces[key(subnet)] = pace
    }

    /// Half the time until its turn, should slots go on coming free as they did of late: the first ask often, the last seldom. Seconds.
    func pause(behind before: Int, in subnet: String?, now: Int64) -> Int64 {
        let interval = paces[key(subnet)]?.interval ?? 1000
        let seconds = Double(before + 1) * interval / 2000
        return min(max(Int64(min(seconds, 1e6).rounded(.up)), Self.pauses.lowerBound), Self.pauses.upperBound)
    }
}
