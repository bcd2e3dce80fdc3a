import BootPolicy
import FleetModel
import Primitives
import Testing

/// Slots with a clock and hosts that are numbered.
final class SlotFixture {
    var slots = DownloadSlots()
    var now: Int64 = 1_000_000

    init(_ total: Int?, _ bySubnet: [String: Int] = [:]) { slots.limit(to: .init(total: total, bySubnet: bySubnet), now: now) }

    static func host(_ number: Int) -> HostID { HostID(unchecked: letters("h", number)) }
    static func boot(_ number: Int) -> BootID { BootID(unchecked: letters("b", number)) }
    /// Sixteen characters, as ids have them.
    private static func letters(_ first: Character, _ number: Int) -> String {
        let digits = String(number)
        return String(first) + String(repeating: "a", count: 15 - digits.count) + digits
    }

    static func digest(_ byte: UInt8) throws -> Digest { try #require(Digest(bytes: [UInt8](repeating: byte, count: 32))) }

    func ask(_ number: Int, _ need: DownloadNeed = .kernel, boot: Int? = nil, subnet: String? = nil) -> DownloadSlots.Answer {
        slots.ask(
            .init(host: Self.host(number), boot: Self.boot(boot ?? number), need: need, subnet: subnet), now: now)
    }

    /// True when it may download.
    func goes(_ number: Int, _ need: DownloadNeed = .kernel, boot: Int? = nil, subnet: String? = nil) -> Bool {
        if case .go = ask(number, need, boot: boot, subnet: subnet) { true } else { false }
    }

    /// How many are before it; `nil` when it may download.
    func before(_ number: Int, _ need: DownloadNeed = .kernel, subnet: String? = nil) -> Int? {
        if case .wait(let place, _) = ask(number, need, subnet: subnet) { place.before } else { nil }
    }

    func pass(_ milliseconds: Int64) {
        now += milliseconds
        slots.settle(now: now)
    }

    /// It fetches one blob, which is all of it.
    func download(_ number: Int, subnet: String? = nil) throws {
        let blob = try Self.digest(1)
        slots.expect([blob], by: Self.host(number))
        slots.began(.init(host: Self.host(number), boot: Self.boot(number), need: .kernel, subnet: subnet), now: now)
        slots.ended(blob, of: Self.host(number), isComplete: true, now: now)
    }
}

@Suite("Who may download an image now, and who waits")
struct DownloadSlotsTests {
    @Test("without a limit nobody waits, and nothing is noted")
    func unlimited() {
        let site = SlotFixture(nil)
        #expect((1...100).allSatisfy { site.goes($0) })
        #expect(site.slots.isIdle)
    }

    @Test("first come, first served: a slot that comes free waits for the first in the line, whoever asks before it")
    func firstCome() throws {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        #expect(site.before(2) == 0)
        site.pass(100)
        #expect(site.before(3) == 1)
        site.pass(500)
        try site.download(1)
        #expect(site.before(3) == 0)
        guard case .go(let wait?) = site.ask(2) else { return #expect(Bool(false), "the first does not go") }
        #expect(wait.milliseconds == 600 && wait.before == 0 && wait.end == .admitted)
        #expect(site.before(3) == 0)
        try site.download(2)
        #expect(site.goes(3))
        #expect(site.slots.loads == DownloadLoads(server: DownloadLoad(limit: 1, downloading: 1, queued: 0), subnets: [:]))
    }

    @Test("the root of a boot under way goes before kernels, and the root of an upgrade does not")
    func rootsFirst() throws {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        #expect(site.before(2) == 0)
        #expect(site.before(3, .upgrade) == 1)
        #expect(site.before(4, .root) == 0)
        #expect(site.before(5, .root) == 1)
        try site.download(1)
        #expect(!site.goes(2))
        #expect(site.goes(4, .root))
    }

    @Test("a slot lasts while bytes are taken, and no longer than ten minutes")
    func longestSlot() throws {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        site.slots.expect([try SlotFixture.digest(1)], by: SlotFixture.host(1))
        site.slots.began(.init(host: SlotFixture.host(1), boot: SlotFixture.boot(1), need: .kernel, subnet: nil), now: site.now)
        #expect(site.before(2) == 0)
        for _ in 0..<29 {
            site.pass(20_000)
            site.slots.progressed(SlotFixture.host(1), now: site.now)
            #expect(!site.goes(2))
        }
        site.pass(20_000)
        #expect(site.goes(2))
    }

    @Test("a host that goes away in its slot frees it after thirty seconds without a byte")
    func idleSlot() {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        #expect(site.before(2) == 0)
        site.pass(29_000)
        #expect(!site.goes(2))
        site.pass(1500)
        #expect(site.goes(2))
    }

    @Test("a host that goes away in the line holds up nobody for longer than it was to sleep and ten seconds, and is told of once")
    func lostWaiter() throws {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        #expect(site.before(2) == 0)
        #expect(site.before(3) == 1)
        try site.download(1)
        // The slot is set aside for 2, who never comes.
        site.pass(5000)
        #expect(!site.goes(3))
        site.pass(2000)
        #expect(!site.goes(3))
        site.pass(5500)
        #expect(site.goes(3))
        #expect(site.slots.takeLeft().isEmpty)
        site.pass(60_000)
        let left = site.slots.takeLeft()
        #expect(left.map(\.request.host) == [SlotFixture.host(2)])
        #expect(left.map(\.end) == [.left])
        #expect(site.slots.takeLeft().isEmpty)
    }

    @Test("a host that comes late for its slot keeps its place in the line")
    func lateWaiter() throws {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        #expect(site.before(2) == 0)
        #expect(site.before(3) == 1)
        try site.download(1)
        site.pass(13_000)
        #expect(site.goes(3))
        #expect(site.before(4) == 1)
        #expect(site.before(2) == 0)
        try site.download(3)
        #expect(!site.goes(4))
        #expect(site.goes(2))
    }

    @Test("requests that are lost or repeated change nothing: a host has one slot and one place")
    func repeats() throws {
        let site = SlotFixture(2)
        #expect(site.goes(1) && site.goes(1))
        #expect(site.slots.loads.server?.downloading == 1)
        #expect(site.goes(2))
        #expect(site.before(3) == 0 && site.before(3) == 0)
        #expect(site.before(4) == 1)
        #expect(site.slots.loads.server?.queued == 2)
        // A host that was powered off and on keeps its place; its wait is that of the new boot.
        site.pass(1000)
        guard case .wait(let place, _) = site.ask(3, boot: 33) else { return #expect(Bool(false), "it may go") }
        #expect(place == QueuePlace(need: .kernel, seconds: 0, before: 0))
    }

    @Test("a script that loads nothing gets three tries in one slot, then others come first")
    func tries() {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        #expect(site.before(2) == 0)
        for _ in 0..<2 {
            site.pass(10_000)
            #expect(site.goes(1))
            #expect(!site.goes(2))
        }
        site.pass(10_000)
        #expect(!site.goes(1))
        #expect(site.goes(2))
    }

    @Test("a slot is free with the last blob, not before; a transfer that broke off may go on")
    func blobs() throws {
        let site = SlotFixture(1)
        let (kernel, initrd) = (try SlotFixture.digest(1), try SlotFixture.digest(2))
        let host = SlotFixture.host(1)
        let request = DownloadSlots.Request(host: host, boot: SlotFixture.boot(1), need: .kernel, subnet: nil)
        #expect(site.goes(1))
        site.slots.expect([kernel, initrd], by: host)
        site.slots.began(request, now: site.now)
        site.slots.ended(kernel, of: host, isComplete: true, now: site.now)
        #expect(!site.goes(2))
        site.slots.began(request, now: site.now)
        site.slots.ended(initrd, of: host, isComplete: false, now: site.now)
        #expect(!site.goes(2))
        site.slots.began(request, now: site.now)
        site.slots.ended(initrd, of: host, isComplete: true, now: site.now)
        #expect(site.goes(2))
    }

    @Test("a host that downloads nothing after all gives its slot back at once")
    func abandoned() {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        #expect(site.before(2) == 0)
        site.slots.abandon(SlotFixture.host(1), now: site.now)
        #expect(site.goes(2))
    }

    @Test("after a restart the slots are empty: downloads that go on take theirs beyond the limit, and nobody is stuck")
    func restart() throws {
        let site = SlotFixture(1)
        // Two that were let through by the server before.
        for number in 1...2 {
            site.slots.began(
                .init(host: SlotFixture.host(number), boot: SlotFixture.boot(number), need: .kernel, subnet: nil), now: site.now)
        }
        #expect(site.slots.loads.server == DownloadLoad(limit: 1, downloading: 2, queued: 0))
        #expect(!site.goes(3))
        let blob = try SlotFixture.digest(1)
        for number in 1...2 { site.slots.ended(blob, of: SlotFixture.host(number), isComplete: true, now: site.now) }
        #expect(site.goes(3))
        // Ends and bytes of downloads that nobody knows are no news.
        site.slots.ended(blob, of: SlotFixture.host(9), isComplete: true, now: site.now)
        site.slots.progressed(SlotFixture.host(9), now: site.now)
        #expect(site.slots.loads.server?.downloading == 1)
    }
}

@Suite("Limits of subnets, changes of limits, and the longest wait")
struct DownloadLimitTests {
    @Test("each subnet has its own slots, and one that is full keeps no other waiting")
    func subnets() throws {
        let site = SlotFixture(3, ["a": 1, "b": 1])
        #expect(site.goes(1, subnet: "a"))
        for number in 2...5 { #expect(!site.goes(number, subnet: "a")) }
        #expect(site.goes(6, subnet: "b"))
        #expect(!site.goes(7, subnet: "b"))
        // An address of no subnet, and a subnet without a limit, have the server's limit only.
        #expect(site.goes(8))
        #expect(!site.goes(9, subnet: "c"))
        #expect(site.slots.loads.subnets["a"] == DownloadLoad(limit: 1, downloading: 1, queued: 4))
        #expect(site.slots.loads.server == DownloadLoad(limit: 3, downloading: 3, queued: 6))
        try site.download(6, subnet: "b")
        #expect(!site.goes(9, subnet: "c"))
        #expect(site.goes(7, subnet: "b"))
        try site.download(8)
        #expect(site.goes(9, subnet: "c"))
    }

    @Test("where only a subnet has a limit, its hosts count those before them in it, and all others go")
    func oneSubnet() {
        let site = SlotFixture(nil, ["a": 1, "b": 1])
        #expect(site.goes(1, subnet: "a") && site.goes(2, subnet: "b"))
        #expect(site.before(3, subnet: "b") == 0)
        #expect(site.before(4, subnet: "a") == 0)
        #expect(site.before(5, subnet: "a") == 1)
        #expect(site.goes(6, subnet: "c") && site.goes(7))
        let places = site.slots.places(now: site.now + 3000)
        #expect(places[SlotFixture.host(5)] == QueuePlace(need: .kernel, seconds: 3, before: 1))
        #expect(places.count == 3)
    }

    @Test("limits change for the next question: more slots, fewer, none")
    func changes() throws {
        let site = SlotFixture(1)
        #expect(site.goes(1))
        for number in 2...6 { #expect(!site.goes(number)) }
        site.slots.limit(to: .init(total: 3), now: site.now)
        #expect(site.goes(2) && site.goes(3) && !site.goes(4))
        site.slots.limit(to: .init(total: 2), now: site.now)
        try site.download(1)
        #expect(!site.goes(4))
        try site.download(2)
        #expect(site.goes(4))
        site.slots.limit(to: .init(), now: site.now)
        site.pass(2000)
        guard case .go(let wait?) = site.ask(6) else { return #expect(Bool(false), "it waits without a limit") }
        #expect(wait.milliseconds == 2000)
        #expect(site.goes(5) && site.goes(7))
        site.pass(DownloadSlots.longestSlot)
        #expect(site.slots.isIdle)
    }

    @Test("nobody waits for longer than an hour, whoever holds the slots")
    func longestWait() throws {
        let site = SlotFixture(1)
        // Downloads that never asked take the slot, one after the other.
        var wait: DownloadSlots.Wait?
        for number in 100..<500 where wait == nil {
            site.slots.began(
                .init(host: SlotFixture.host(number), boot: SlotFixture.boot(number), need: .root, subnet: nil), now: site.now)
            if case .go(let ended) = site.ask(2) { wait = ended }
            site.pass(10_000)
        }
        #expect(wait?.end == .overrun)
        #expect(wait?.milliseconds == DownloadSlots.longestWait)
    }

    @Test("a waiting host asks again within thirty seconds, and the first within two; all of a long line get their turn in its order")
    func pauses() throws {
        let site = SlotFixture(4)
        var due: [Int: Int64] = [:]
        var started: [Int] = []
        // Every download takes four seconds.
        var ends: [Int: Int64] = [:]
        for number in 1...400 { due[number] = site.now + Int64(number) }
        var questions = 0
        while started.count < 400 || !ends.isEmpty {
            site.now += 100
            for (number, end) in ends where end <= site.now {
                ends[number] = nil
                try site.download(number)
            }
            for (number, time) in due.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where time <= site.now {
                questions += 1
                switch site.ask(number) {
                case .go:
                    due[number] = nil
                    started.append(number)
                    ends[number] = site.now + 4000
                case .wait(let place, let seconds):
                    #expect((2...30).contains(seconds))
                    if place.before == 0 { #expect(seconds <= 3) }
                    due[number] = site.now + Int64(seconds) * 1000
                }
            }
            try #require(ends.count <= 4)
            try #require(site.now < 3_000_000, "\(started.count) of 400 have started")
        }
        // In order but for those whose turn came while they slept.
        #expect(zip(started, started.dropFirst()).allSatisfy { $1 > $0 - 40 })
        let elapsed = site.now - 1_000_000
        #expect(elapsed < 520_000, "400 downloads of 4 s in 4 slots took \(elapsed) ms")
        #expect(questions < 400 * 40, "\(questions) questions")
    }
}
