/// Who or what holds something, by number, and until when each does.
struct HolderCounts: Sendable {
    private var until = NumberTable<Int64>()
    /// Before this nobody's time ends: a flood must not have all of them looked at for each message.
    private var nextEnd = Int64.max

    /// Whether there is room for it, or it holds something already.
    mutating func admits(_ key: UInt64, most: Int, now: Int64) -> Bool {
        if until.count < most || until[key] != nil { return true }
        if now >= nextEnd { forgetEnded(at: now) }
        return until.count < most
    }

    var isEmpty: Bool { until.isEmpty }

    /// How many hold something now.
    func count(at now: Int64) -> Int { until.values.count { $0 > now } }

    func holds(_ key: UInt64, at now: Int64) -> Bool { until[key].map { $0 > now } ?? false }

    mutating func hold(_ key: UInt64, until end: Int64) {
        until[key] = end
        nextEnd = min(nextEnd, end)
    }

    mutating func release(_ key: UInt64) { until[key] = nil }

    private mutating func forgetEnded(at now: Int64) {
        var left = NumberTable<Int64>()
        nextEnd = .max
        for (key, end) in zip(until.keys, until.values) where end > now {
            left[key] = end
            nextEnd = min(nextEnd, end)
        }
        until = left
    }
}
