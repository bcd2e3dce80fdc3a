import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import OperatorTypes
import Primitives
import Rollout
import TestSupport
import Testing

@Suite("What happens to kernels that start others is learned by hardware model")
struct KexecLearningTests {
    static let model = HardwareModel(manufacturer: "ACME", product: "Server 1")

    static let inventory = Inventory(
        system: .init(manufacturer: "ACME", product: "Server 1"), processor: .init(model: "x", count: 1, sockets: 1), memoryBytes: 0, memoryMap: [],
        interfaces: [], disks: [], firmware: .bios, kernel: "6.12", hasKVM: true, hasTPM: false)

    /// A host that was ordered to another kernel, and has left.
    private func left(_ method: UpgradeMethod = .warm) throws -> StateFixture {
        var fixture = StateFixture(SiteText.site())
        _ = try fixture.boot(1)
        fixture.addImage("kvm:2", byte: 2)
        var record = try #require(fixture.record(1))
        record.inventory = Self.inventory
        let (boot, target) = (try #require(record.boot), try #require(fixture.state.images[StateFixture.digest(2, 0)]))
        let guests = [
            GuestStatus(name: "web", state: "running", memory: .ordinary, memoryBytes: 1 << 30),
            GuestStatus(name: "db", state: "running", memory: .kept, memoryBytes: 1 << 30),
        ]
        let order = UpgradeOrder(id: "o-1", method: method, image: fixture.state.assignedImage(target, arguments: []), deadline: 60)
        record.upgrade = UpgradeRecord(order: order, boot: boot.id, orderedAt: fixture.now, guestsBefore: guests)
        fixture.state.put(record)
        let claim = SuccessorClaim(nonce: String(repeating: "b", count: 32), root: try #require(target.root?.digest), order: "o-1")
        fixture.state.put(try fixture.state.succeed(claim, of: record, now: fixture.now, using: &fixture.generator).get())
        return fixture
    }

    @discardableResult
    private func report(_ fixture: inout StateFixture, operational: Bool = true, guests: [GuestStatus] = []) throws -> [String] {
        fixture.now += 1000
        let status = StatusReport(revision: 1, items: [], guests: guests, operational: operational, agentVersion: "1", uptime: 1)
        return fixture.state.report(status, from: try #require(fixture.record(1)).id, now: fixture.now).map(\.name)
    }

    private func coldBoot(_ fixture: inout StateFixture) throws {
        fixture.now += 400_000
        try fixture.boot(1)
    }

    @Test("a host that left for another kernel and came back by a cold start takes its model's trust", arguments: [UpgradeMethod.warm, .save])
    func coldStart(method: UpgradeMethod) throws {
        var fixture = try left(method)
        try coldBoot(&fixture)
        let events = try report(&fixture)
        #expect(events.contains("upgrade-failed") && events.contains("kexec-distrusted"))
        #expect(fixture.state.models[Self.model]?.kexecFailure?.host == "h1")
        #expect(fixture.state.unsavedModels == [Self.model])
        // A second host of the same model is planned by it.
        try fixture.boot(2)
        var other = try #require(fixture.record(2))
        let (boot, image) = (try #require(other.boot), try #require(fixture.state.images.values.first))
        other.inventory = Self.inventory
        let same = UpgradePlan(for: fixture.state.situation(of: boot, on: other, target: image, arguments: [], isRestart: false))
        #expect(same[.warm]?.obstacles.contains { $0.code == .kexecDistrusted && $0.detail?.contains("bennu upgrade trust h2") == true } == true)
        other.inventory?.system.product = "Server 2"
        let another = UpgradePlan(for: fixture.state.situation(of: boot, on: other, target: image, arguments: [], isRestart: false))
        #expect(another[.warm]?.obstacles.map(\.code).contains(.kexecDistrusted) == false)
    }

    @Test(
        "a soft order that ends by a cold start says nothing of kexec; nor does one after the new kernel has spoken, one that fell back, or one that nobody heard"
    )
    func innocent() throws {
        var soft = try left(.soft)
        try coldBoot(&soft)
        #expect(try report(&soft).contains("upgrade-failed"))
        var spoke = try left()
        try report(&spoke, operational: false)
        try coldBoot(&spoke)
        #expect(try report(&spoke).contains("upgrade-failed"))
        var back = try left()
        let claim = SuccessorClaim(
            nonce: String(repeating: "c", count: 32), root: StateFixture.digest(1, 3), order: "o-1", fallback: "kexec: no such file")
        let record = try #require(back.record(1))
        back.state.put(try back.state.succeed(claim, of: record, now: back.now, using: &back.generator).get())
        try report(&back)
        #expect(back.record(1)?.upgrade?.state == .failed)
        var unheard = try left()
        unheard.state.servingSince = unheard.now + 1
        try coldBoot(&unheard)
        #expect(try report(&unheard).contains("upgrade-failed") && unheard.state.models.isEmpty)
        #expect(soft.state.models.isEmpty && spoke.state.models.isEmpty && back.state.models.isEmpty)
    }

    @Test("silence past the deadline ends the order and takes the trust, but only silence that the servers could have heard broken")
    func silence() throws {
        var fixture = try left()
        let leftAt = fixture.now
        #expect(fixture.state.settleSilent(now: leftAt + 60_000, since: 0).isEmpty)
        #expect(fixture.state.settleSilent(now: leftAt + 60_001, since: leftAt + 1).isEmpty)
        #expect(fixture.state.settleSilent(now: leftAt + 60_001, since: 0).map(\.name) == ["upgrade-failed", "kexec-distrusted"])
        #expect(fixture.record(1)?.upgrade?.failure == "no word came from the new system within 60 s")
        #expect(fixture.state.models[Self.model]?.kexecFailure != nil)
        #expect(fixture.state.settleSilent(now: leftAt + 100_000, since: 0).isEmpty)
        var arrived = try left()
        try report(&arrived, operational: false)
        #expect(arrived.state.settleSilent(now: arrived.now + 1_000_000, since: 0).isEmpty)
        var soft = try left(.soft)
        #expect(soft.state.settleSilent(now: soft.now + 1_000_000, since: 0).isEmpty)
    }

    @Test("the longest pause of an upgrade is remembered for its method, with the bytes that were saved")
    func pauses() throws {
        var fixture = try left(.save)
        let after = [
            GuestStatus(name: "web", state: "running", pause: 9000), GuestStatus(name: "db", state: "running", pause: 7000),
        ]
        #expect(try report(&fixture, guests: after).contains("upgrade-done"))
        let learned = try #require(fixture.state.models[Self.model])
        #expect(learned.savePause?.milliseconds == 9000 && learned.savePause?.savedBytes == 1 << 30 && learned.warmPause == nil)
        let record = try #require(fixture.record(1))
        let (boot, image) = (try #require(record.boot), try #require(fixture.state.images.values.first))
        let situation = fixture.state.situation(of: boot, on: record, target: image, arguments: [], isRestart: false)
        #expect(situation.measuredPauses == [.save: .init(milliseconds: 9000, savedBytes: 1 << 30, host: "h1")])
        // Without memory set aside guests were on a disk, which says nothing of memory.
        var other = boot
        other.status?.system = RunningSystem(
            root: nil, kernelRelease: "6.12", guestMemory: GuestMemoryStatus(bytes: 1 << 30, free: 1 << 30))
        #expect(fixture.state.situation(of: other, on: record, target: image, arguments: [], isRestart: false).measuredPauses.isEmpty)
    }

    @Test("what was learned outlives the server, until an operator trusts the model again")
    func durable() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let before = try await TestSite(SiteText.site(), store: store, directory: directory)
        try await before.addImage()
        let grant = try await before.start(1)
        before.fleet.take(Self.inventory, from: try #require(before.record(1)))
        await before.fleet.take(orderable(before), from: try #require(before.record(1)))
        let outlook = try await before.fleet.orderUpgrade("h1", UpgradeRequest(method: .warm, deadline: 60, isRestart: true))
        let root = try #require(outlook.upgrade?.order.image.root?.digest)
        let claim = SuccessorClaim(nonce: String(repeating: "b", count: 32), root: root, order: outlook.upgrade?.order.id)
        _ = try await before.fleet.succeed(grant.credential, boot: grant.boot, claim)
        before.clock.advance(61_000)
        before.fleet.settleSilent()
        await before.fleet.save()
        try before.close()

        let after = try await TestSite(store: store, directory: directory)
        #expect(after.fleet.models().map(\.model) == [Self.model] && after.fleet.models().first?.kexecFailure?.host == "h1")
        #expect(after.fleet.snapshot.unsavedModels.isEmpty)
        let unknown = await #expect(throws: APIProblem.self) { try await after.fleet.trustKexec(on: "Server 9") }
        #expect(unknown?.code == "unknown-model")
        #expect(try await after.fleet.trustKexec(on: "ACME Server 1").kexecFailure == nil)
        let again = await #expect(throws: APIProblem.self) { try await after.fleet.trustKexec(on: "h1") }
        #expect(again?.code == "nothing-to-do")
        try after.close()
        let last = try await TestSite(store: store, directory: directory)
        #expect(last.fleet.models().first?.kexecFailure == nil)
    }

    private func orderable(_ site: TestSite) -> StatusReport {
        var status = site.status(of: 1, revision: 1)
        let arguments = site.record(1)?.boot?.kernelArguments
        #expect(arguments == ["quiet"])
        status.system = RunningSystem(
            root: nil, kernelRelease: "6.12", memoryAvailable: 1 << 30, methods: UpgradeMethod.allCases,
            guestMemory: GuestMemoryStatus(bytes: 1 << 30, free: 1 << 30))
        return status
    }
}
