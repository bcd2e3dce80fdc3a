import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import OperatorTypes
import Primitives
import TestSupport
import Testing

@Suite("After a second failed start of an image a host boots the last good one, until the operator chooses")
struct StandInTests {
    static let good = StateFixture.digest(1, 0)
    static let bad = StateFixture.digest(2, 0)

    enum End { case rootRefused, panic, hang, reset }

    /// A host that was operational with `kvm:1`, and is assigned to `kvm:2` now.
    private func fixture(wasOperational: Bool = true) throws -> StateFixture {
        var fixture = StateFixture(SiteText.site())
        fixture.addImage("kvm:2", byte: 2)
        if wasOperational {
            try fixture.boot(1)
            report(&fixture)
        }
        fixture.adopt(SiteText.all(SiteText.subnet, SiteText.profile, SiteText.host(1, "profiles: [base]\n  image: kvm:2")))
        return fixture
    }

    @discardableResult
    private func report(_ fixture: inout StateFixture, operational: Bool = true) -> BootRecord.Phase? {
        guard let record = fixture.record(1) else { return nil }
        let status = StatusReport(revision: 1, items: [], guests: [], operational: operational, agentVersion: "1", uptime: 1)
        _ = fixture.state.report(status, from: record.id, now: fixture.now)
        return fixture.record(1)?.boot?.phase
    }

    private func mark(_ fixture: inout StateFixture, _ source: BootEvent.Source, _ name: String) {
        guard let record = fixture.record(1) else { return }
        fixture.state.learnStep(from: BootEvent(host: record.id, boot: record.boot?.id, time: fixture.now, source: source, name: name))
    }

    /// Firmware, iPXE and script; the events of the last.
    @discardableResult
    private func start(_ fixture: inout StateFixture, after: Int64 = 60_000) -> (image: Digest?, events: [BootEvent]) {
        fixture.now += after
        fixture.see(1, .firmware)
        fixture.see(1, .loader)
        let sighting = Sighting(stage: .script, hardwareAddress: mac(1), uuid: nil)
        let (decision, _, events) = fixture.state.decideBoot(of: sighting, now: fixture.now, using: &fixture.generator)
        guard case .boot(let plan) = decision else { return (nil, events) }
        return (plan.image, events)
    }

    /// The boot loader asks for its script once more, in the same boot.
    private func askAgain(_ fixture: inout StateFixture) -> (image: Digest?, events: [String]) {
        fixture.now += 15_000
        let ask = Sighting(stage: .script, hardwareAddress: mac(1), uuid: nil)
        let (decision, _, events) = fixture.state.decideBoot(of: ask, now: fixture.now, using: &fixture.generator)
        guard case .boot(let plan) = decision else { return (nil, []) }
        return (plan.image, events.map(\.name))
    }

    /// What a boot shows before the next one ends it.
    private func end(_ end: End, _ fixture: inout StateFixture) throws {
        mark(&fixture, .http, "seal-sent")
        if end == .panic { return }
        let record = try #require(fixture.record(1))
        fixture.state.put(try fixture.state.judge(fixture.claim(1), now: fixture.now).get())
        if end == .rootRefused { mark(&fixture, .initrd, "root-refused") }
        if end == .hang { mark(&fixture, .initrd, "root-verified") }
        if end == .hang { fixture.now += BootFailure.time }
        #expect(fixture.record(1)?.boot?.id == record.boot?.id)
    }

    @Test(
        "the start after enough failures gets the last good image with the arguments that it was operational with",
        arguments: [
            ([End.rootRefused, .rootRefused], true), ([.rootRefused, .hang], true), ([.hang, .hang], true), ([.panic, .panic, .panic], true),
            ([.panic, .panic], false), ([.rootRefused, .panic], false), ([.reset, .reset, .reset, .reset], false), ([.hang], false),
        ])
    func failures(ends: [End], standsIn: Bool) throws {
        var fixture = try fixture()
        for end in ends {
            #expect(start(&fixture).image == Self.bad)
            try self.end(end, &fixture)
        }
        let (image, events) = start(&fixture)
        #expect(image == (standsIn ? Self.good : Self.bad))
        #expect(events.map(\.name).contains("stand-in-chosen") == standsIn)
        let record = try #require(fixture.record(1))
        #expect(record.boot?.image == image && record.boot?.kernelArguments == ["quiet"])
        #expect(record.standIn?.failed == (standsIn ? Self.bad : nil))
        guard standsIn else { return }
        // It stays so, and shows as drift.
        report(&fixture)
        #expect(fixture.state.summary(of: try #require(fixture.record(1)), now: fixture.now).drift)
        let again = start(&fixture)
        #expect(again.image == Self.good && again.events.map(\.name).contains("stand-in-chosen") == false)
    }

    @Test("a host that becomes operational clears what was counted; so does one that spoke after all")
    func cleared() throws {
        var fixture = try fixture()
        start(&fixture)
        try end(.hang, &fixture)
        start(&fixture)
        #expect(fixture.record(1)?.trouble?.failed == 1)
        _ = try end(.panic, &fixture)
        fixture.state.put(try fixture.state.judge(fixture.claim(1), now: fixture.now).get())
        report(&fixture)
        #expect(fixture.record(1)?.trouble == nil && fixture.record(1)?.lastGood?.image == Self.bad)
        // Somebody else's packet seemed to begin the next boot.
        start(&fixture)
        try end(.hang, &fixture)
        let boot = try #require(fixture.record(1)?.boot)
        fixture.see(1, .firmware, after: 400_000)
        #expect(fixture.record(1)?.ended?.failure == .neverUp)
        fixture.state.restore(boot.id, of: try #require(fixture.record(1)).id)
        #expect(fixture.record(1)?.ended == nil)
    }

    @Test("a boot loader that had all of an image and asks again counts against it, each time that all was sent")
    func notStarted() throws {
        var fixture = try fixture()
        start(&fixture)
        // What could not be fetched is asked for again, too, and says nothing.
        #expect(askAgain(&fixture) == (Self.bad, []))
        mark(&fixture, .http, "seal-sent")
        #expect(askAgain(&fixture) == (Self.bad, ["boot-failed"]))
        #expect(askAgain(&fixture) == (Self.bad, []))
        mark(&fixture, .http, "seal-sent")
        #expect(askAgain(&fixture) == (Self.good, ["boot-failed", "stand-in-chosen"]))
    }

    @Test("boots that our servers were not there for count for nothing")
    func outage() throws {
        var fixture = try fixture()
        for _ in 0..<4 {
            #expect(start(&fixture).image == Self.bad)
            try end(.hang, &fixture)
            fixture.state.servingSince = fixture.now
        }
        #expect(start(&fixture).image == Self.bad && fixture.record(1)?.trouble == nil)
    }

    @Test("a host that was never operational goes on with what it is assigned to, and the timeline says why")
    func nothingGood() throws {
        var fixture = try fixture(wasOperational: false)
        for _ in 0..<2 {
            start(&fixture)
            try end(.rootRefused, &fixture)
        }
        let (image, events) = start(&fixture)
        #expect(image == Self.bad && events.map(\.name).contains("no-stand-in"))
    }

    @Test("an order whose image failed to start has failed, though the host is operational again")
    func failedOrder() throws {
        var fixture = try fixture()
        var record = try #require(fixture.record(1))
        let (boot, bad) = (try #require(record.boot), try #require(fixture.state.images[Self.bad]))
        let order = UpgradeOrder(id: "o-1", method: .cold, image: fixture.state.assignedImage(bad, arguments: []), deadline: 60)
        record.upgrade = UpgradeRecord(order: order, boot: boot.id, orderedAt: fixture.now, guestsBefore: [])
        fixture.state.put(record)
        for _ in 0..<2 {
            start(&fixture)
            try end(.rootRefused, &fixture)
        }
        #expect(start(&fixture).image == Self.good && fixture.record(1)?.upgrade?.state == .ordered)
        report(&fixture)
        #expect(fixture.record(1)?.upgrade?.state == .failed)
        #expect(fixture.record(1)?.upgrade?.failure == "the host is operational with image \(Self.good.short), not with \(Self.bad.short)")
    }

    @Test("another assignment is tried at once")
    func reassigned() throws {
        var fixture = try fixture()
        for _ in 0..<2 {
            start(&fixture)
            try end(.rootRefused, &fixture)
        }
        #expect(start(&fixture).image == Self.good)
        fixture.addImage("kvm:3", byte: 3)
        fixture.adopt(SiteText.all(SiteText.subnet, SiteText.profile, SiteText.host(1, "profiles: [base]\n  image: kvm:3")))
        #expect(start(&fixture).image == StateFixture.digest(3, 0))
        #expect(fixture.record(1)?.standIn == nil)
    }

    @Test("it outlives the server; setting the same image again tries it anew; the last good image cannot be removed")
    func operators() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let before = try await TestSite(SiteText.site(), store: store, directory: directory)
        try await before.addImage("kvm:1", seed: "1")
        try await before.addImage("kvm:2", seed: "2")
        _ = try await before.start(1)
        await before.fleet.take(before.status(of: 1, revision: 1), from: try #require(before.record(1)))
        let good = try #require(before.record(1)?.boot?.image)
        _ = try await before.fleet.edit("h1", HostEdit(image: "kvm:2"))
        for _ in 0..<2 {
            before.clock.advance(60_000)
            let grant = try await before.start(1)
            before.fleet.take(
                ProgressReport(events: [.init(name: "root-refused")]), from: try before.fleet.authorize(grant.credential, boot: grant.boot))
        }
        before.clock.advance(60_000)
        guard case .boot(let plan) = before.powerOn(1) else { return #expect(Bool(false), "it may not boot") }
        #expect(plan.image == good && plan.imageReference == "kvm:1 in place of kvm:2")
        await before.fleet.save()
        try before.close()

        let after = try await TestSite(store: store, directory: directory)
        #expect(after.record(1)?.standIn?.good.image == good)
        _ = try await after.fleet.apply(
            ApplyRequest(files: [.init(path: "p", text: SiteText.profile.replacing("kvm:1", with: "kvm:2"))], dryRun: false))
        let detail = try await after.fleet.edit("h1", HostEdit(image: "kvm:2"))
        #expect(detail.record.standIn == nil && detail.record.trouble == nil)
        after.clock.advance(60_000)
        guard case .boot(let next) = after.powerOn(1) else { return #expect(Bool(false), "it may not boot") }
        #expect(next.imageReference == "kvm:2")
        // Nobody is assigned to it or runs it any more.
        #expect(after.fleet.snapshot.hosts.values.allSatisfy { $0.boot?.image != good })
        let refused = await #expect(throws: APIProblem.self) { try await after.fleet.removeImage(named: "kvm:1") }
        #expect(refused?.code == "in-use" && refused?.message.contains("h1") == true)
        try after.close()
        #expect(try await TestSite(store: store, directory: directory).record(1)?.standIn == nil)
    }
}
