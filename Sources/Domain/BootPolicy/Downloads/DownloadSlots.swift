package import FleetModel
import Primitives

/// Which hosts may download an image now, and in which order the others get their turn.
///
/// A host holds one slot while it fetches its kernel and initrds, and one while it fetches its root. A root of a boot under way goes before
/// all else, so that what is begun is finished; beyond that, first come is first served. A slot that comes free is set aside for the first in
/// the line, which learns of it when it asks again. Nothing lasts by itself: a slot without progress, a host that does not ask again and a
/// slot that was not collected end by time, and whoever waited `longestWait` is let through. Times are milliseconds of a clock that only
/// goes forward.
package struct DownloadSlots: Sendable {
    /// A slot ends after so long without a byte. Between the script and the first byte iPXE needs a moment.
    package static let idle: Int64 = 30_000
    /// A slot ends after so long in any case; the download goes on.
    package static let longestSlot: Int64 = 600_000
    /// A slot that was set aside is kept so long beyond the moment at which its host was to ask: three lost SYNs.
    package static let grace: Int64 = 10_000
    /// A host in the line that did not ask for so long beyond that moment has gone away.
    package static let patience: Int64 = 60_000
    /// Nobody waits longer for one slot: a host that asks after that is let through beyond the limits.
    package static let longestWait: Int64 = 3_600_000
    /// How often a host may ask in the slot it has: a script that loads nothing must not hold it for ever.
    package static let mostTries = 3
    /// Seconds after which a waiting host is told to ask again.
    package static let pauses: ClosedRange<Int64> = 2...30

    package struct Limits: Sendable, Hashable {
        /// Hosts of all subnets together; `nil` is no limit.
        package var total: Int?
        /// By the subnet's name; one that is not here has no limit of its own.
        package var bySubnet: [String: Int]
        package init(total: Int? = nil, bySubnet: [String: Int] = [:]) { (self.total, self.bySubnet) = (total, bySubnet) }
        package var isNone: Bool { total == nil && bySubnet.isEmpty }
    }

    package struct Request: Sendable, Hashable {
        package var host: HostID
        package var boot: BootID
        package var need: DownloadNeed
        /// `nil` for an address that no subnet of ours has.
        package var subnet: String?
        package init(host: HostID, boot: BootID, need: DownloadNeed, subnet: String?) {
            (self.host, self.boot, self.need, self.subnet) = (host, boot, need, subnet)
        }
    }

    /// A wait that has ended.
    package struct Wait: Sendable, Hashable {
        package enum End: String, Sendable, Hashable {
            case admitted
            /// It stopped asking.
            case left
            /// Let through after `longestWait`.
            case overrun = "queue-overrun"
        }
        package var request: Request
        package var milliseconds: Int64
        /// Hosts before it when it came.
        package var before: Int
        package var end: End
    }

    package enum Answer: Sendable, Hashable {
        /// Download now; the wait that this ends, if there was one.
        case go(Wait?)
        /// Ask again in so many seconds.
        case wait(QueuePlace, seconds: Int)
    }

    struct Place: Comparable {
        var rank: Int
        var ticket: UInt64
        static func < (a: Self, b: Self) -> Bool { (a.rank, a.ticket) < (b.rank, b.ticket) }
    }

    struct Waiter {
        var request: Request
        var place: Place
        var since: Int64
        var before: Int
        /// When it was told to ask again.
        var due: Int64
        /// A slot was set aside for it, and it did not come. It keeps its place and gets the next one when it asks.
        var isLate = false
    }

    struct Slot {
        var request: Request
        /// The host that the slot is set aside for; `nil` once it was told.
        var keptFor: Waiter?
        var since: Int64
        var expires: Int64
        var tries = 1
        var transfers = 0
        /// Blobs that are still to come.
        var rest: Set<Digest> = []
    }

    var limits = Limits()
    var slots: [HostID: Slot] = [:]
    var waiters: [HostID: Waiter] = [:]
    /// Everybody in `waiters`, first the first.
    var line: [(place: Place, host: HostID)] = []
    var held: [String: Int] = [:]
    var queued: [String: Int] = [:]
    var lastTicket: UInt64 = 0
    var nextLook: Int64 = 0
    var paces: [String: Pace] = [:]
    /// Waits that ended without their host asking, until somebody takes them.
    var left: [Wait] = []

    package init() {}

    /// True when nothing is limited and nobody waits: nothing has to be noted.
    package var isIdle: Bool { limits.isNone && slots.isEmpty && waiters.isEmpty }

    /// Limits are in force for the next question. A host in a slot keeps it.
    package mutating func limit(to limits: Limits, now: Int64) {
        self.limits = limits
        settle(now: now)
    }

    package mutating func ask(_ request: Request, now: Int64) -> Answer {
        settle(now: now)
        if let answer = goOn(request, now: now) { return answer }
        guard isLimited(request.subnet) else { return .go(leave(request, now: now, end: .admitted)) }
        var waiter = waiters[request.host] ?? newcomer(request, now: now)
        waiters[request.host].map { remove($0) }
        if waiter.request.boot != request.boot { (waiter.since, waiter.before) = (now, place(before: waiter)) }
        if waiter.request.need != request.need { waiter.place.rank = Self.rank(request.need) }
        (waiter.request, waiter.due, waiter.isLate) = (request, now, false)
        if now - waiter.since >= Self.longestWait {
            hold(Slot(request: request, since: now, expires: now + Self.idle))
            return .go(wait(waiter, now: now, end: .overrun))
        }
        insert(waiter)
        setAside(now: now)
        if let answer = goOn(request, now: now) { return answer }
        let before = place(before: waiter)
        let pause = pause(behind: before, in: request.subnet, now: now)
        waiters[request.host]?.due = now + pause * 1000
        return .wait(QueuePlace(need: request.need, seconds: Int((now - waiter.since) / 1000), before: before), seconds: Int(pause))
    }

    /// The answer for a host that has a slot; `nil` for one that has none, or had its tries.
    private mutating func goOn(_ request: Request, now: Int64) -> Answer? {
        guard var slot = slots[request.host] else { return nil }
        // A host that was started anew has not waited in this boot.
        let ended = slot.keptFor.flatMap { $0.request.boot == request.boot ? wait($0, now: now, end: .admitted) : nil }
        if slot.keptFor != nil || slot.request.need != request.need {
            (slot.keptFor, slot.since, slot.tries) = (nil, now, 1)
        } else {
            guard slot.tries < Self.mostTries else {
                release(request.host)
                return nil
            }
            slot.tries += 1
        }
        slot.expires = min(now + Self.idle, slot.since + Self.longestSlot)
        slot.request.need = request.need
        slot.request.boot = request.boot
        slot.rest = []
        slots[request.host] = slot
        return .go(ended)
    }

    private mutating func newcomer(_ request: Request, now: Int64) -> Waiter {
        lastTicket += 1
        var waiter = Waiter(
            request: request, place: Place(rank: Self.rank(request.need), ticket: lastTicket), since: now, before: 0, due: now)
        waiter.before = place(before: waiter)
        return waiter
    }

    /// A host that no limit keeps waiting any more.
    private mutating func leave(_ request: Request, now: Int64, end: Wait.End) -> Wait? {
        guard let waiter = waiters[request.host] else { return nil }
        remove(waiter)
        return wait(waiter, now: now, end: end)
    }

    /// `nil` where a slot was free at once.
    func wait(_ waiter: Waiter, now: Int64, end: Wait.End) -> Wait? {
        guard now > waiter.since else { return nil }
        return Wait(request: waiter.request, milliseconds: now - waiter.since, before: waiter.before, end: end)
    }

    private static func rank(_ need: DownloadNeed) -> Int { need == .root ? 0 : 1 }

    func isLimited(_ subnet: String?) -> Bool { limits.total != nil || subnet.map { limits.bySubnet[$0] != nil } ?? false }
}
