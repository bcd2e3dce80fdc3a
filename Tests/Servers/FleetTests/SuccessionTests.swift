import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import OperatorTypes
import Primitives
import Rollout
import Testing

@Suite("A running host goes over to another boot by order, or comes back from it")
struct SuccessionTests {
    static let nonce = String(repeating: "b", count: 32)

    /// A host that runs `kvm:1`, and an image `kvm:2` of the same kernel.
    private func fixture() throws -> (StateFixture, target: CatalogImage) {
        var fixture = StateFixture(SiteText.site())
        _ = try fixture.boot(1)
        let running = try #require(fixture.state.images.values.first)
        var target = running
        target.digest = StateFixture.digest(9, 0)
        target.root = PublishedBlob(digest: StateFixture.digest(9, 3), path: "/nowhere", size: 1, role: "root")
        fixture.state.publish([running, target])
        report(&fixture, operational: true)
        return (fixture, target)
    }

    @discardableResult
    private func report(
        _ fixture: inout StateFixture, operational: Bool, guests: [GuestStatus] = [], root: Digest? = nil, failure: String? = nil
    ) -> [String] {
        guard let record = fixture.record(1) else { return [] }
        let order = record.upgrade?.order.id ?? ""
        let status = StatusReport(
            revision: 1, items: [], guests: guests, operational: operational, agentVersion: "1", uptime: 1,
            system: RunningSystem(root: root ?? record.boot?.image.flatMap { fixture.state.images[$0]?.root?.digest }, kernelRelease: "6.12"),
            upgrade: failure.map { UpgradeStatus(order: order, failure: $0) })
        fixture.now += 1000
        return fixture.state.report(status, from: record.id, now: fixture.now).map(\.name)
    }

    private func order(_ fixture: inout StateFixture, _ target: CatalogImage, method: UpgradeMethod = .soft) throws {
        var record = try #require(fixture.record(1))
        let image = AssignedImage(
            image: target.digest, root: target.root.map { .init(digest: $0.digest, size: 1) }, kernel: target.kernel.digest,
            kernelRelease: "6.12", kernelArguments: [])
        let boot = try #require(record.boot)
        record.upgrade = UpgradeRecord(
            order: UpgradeOrder(id: "o-1", method: method, image: image, deadline: 60), boot: boot.id, orderedAt: fixture.now,
            guestsBefore: [GuestStatus(name: "a", state: "running", processID: 1, processStart: 2)],
            kernelBefore: boot.kernel, kernelArgumentsBefore: boot.kernelArguments)
        fixture.state.put(record)
    }

    private func succeed(_ fixture: inout StateFixture, _ claim: SuccessorClaim) throws -> HostRecord {
        let before = try #require(fixture.record(1))
        let now = fixture.now
        let record = try fixture.state.succeed(claim, of: before, now: now, using: &fixture.generator).get()
        fixture.state.put(record)
        return record
    }

    @Test("the new boot is soft, follows the old one, and keeps its kernel and address whatever the new image says")
    func forward() throws {
        var (fixture, target) = try fixture()
        try order(&fixture, target)
        let before = try #require(fixture.record(1)?.boot)
        let root = try #require(target.root?.digest)
        let record = try succeed(&fixture, SuccessorClaim(nonce: Self.nonce, root: root, order: "o-1"))
        #expect(record.boot?.kind == .soft && record.boot?.predecessor == before.id && record.boot?.image == target.digest)
        #expect(record.boot?.kernel == before.kernel && record.boot?.kernelArguments == ["quiet"] && record.boot?.address == before.address)
        #expect(record.upgrade?.state == .leaving && record.upgrade?.successor == record.boot?.id)
        let same = GuestStatus(name: "a", state: "running", processID: 1, processStart: 2)
        #expect(report(&fixture, operational: false, guests: [same]).contains("upgrade-done") == false)
        #expect(report(&fixture, operational: true, guests: [same]).contains("upgrade-done"))
        #expect(fixture.record(1)?.upgrade?.state == .done)
    }

    @Test(
        "by an order of another kernel the new boot is kexec, and has the kernel and arguments of the order", arguments: [UpgradeMethod.warm, .save])
    func kernelChange(method: UpgradeMethod) throws {
        var (fixture, target) = try fixture()
        target.kernel.digest = StateFixture.digest(9, 1)
        try order(&fixture, target, method: method)
        let before = try #require(fixture.record(1)?.boot)
        let root = try #require(target.root?.digest)
        let record = try succeed(&fixture, SuccessorClaim(nonce: Self.nonce, root: root, order: "o-1"))
        #expect(record.boot?.kind == .kexec && record.boot?.kernel == target.kernel.digest && record.boot?.kernelArguments == [])
        #expect(record.boot?.address == before.address)
        // It never left, or another kernel brought it back: either way the kernel is the old one.
        let old = try #require(before.image.flatMap { fixture.state.images[$0]?.root?.digest })
        let claim = SuccessorClaim(nonce: String(repeating: "c", count: 32), root: old, order: "o-1", fallback: "kexec: no such device")
        let back = try succeed(&fixture, claim)
        #expect(back.boot?.kernel == before.kernel && back.boot?.kernelArguments == ["quiet"] && back.boot?.image == before.image)
        #expect(back.upgrade?.state == .failed)
    }

    @Test("a host is told the sizes of kernel and initrds, the site's seal last")
    func assignedImage() throws {
        var (fixture, target) = try fixture()
        fixture.state.seal = PublishedBlob(digest: StateFixture.digest(7, 7), path: "/nowhere", size: 512, role: "seal")
        let image = fixture.state.assignedImage(target, arguments: [])
        #expect(image.kernelSize == 1)
        #expect(image.initrds == [.init(digest: StateFixture.digest(1, 2), size: 1), .init(digest: StateFixture.digest(7, 7), size: 512)])
    }

    @Test(
        "nobody goes forward without an order, or to another root than the ordered one",
        arguments: [(String?.none, true), ("o-2", true), ("o-1", false)])
    func refusals(order id: String?, isRightRoot: Bool) throws {
        var (fixture, target) = try fixture()
        try order(&fixture, target)
        let root = isRightRoot ? try #require(target.root?.digest) : StateFixture.digest(7, 7)
        let problem = #expect(throws: APIProblem.self) { try succeed(&fixture, SuccessorClaim(nonce: Self.nonce, root: root, order: id)) }
        #expect(problem?.code == "not-ordered")
    }

    @Test("the same nonce again gets the same boot, also when a message has seemed to begin another since; another nonce does not")
    func repeated() throws {
        var (fixture, target) = try fixture()
        try order(&fixture, target)
        let (before, root) = (try #require(fixture.record(1)?.boot), try #require(target.root?.digest))
        let record = try succeed(&fixture, SuccessorClaim(nonce: Self.nonce, root: root, order: "o-1"))
        let begun = try #require(record.boot?.id)
        #expect(fixture.state.begun(after: before.id, of: record.id, nonce: Self.nonce)?.boot?.id == begun)
        #expect(fixture.state.begun(after: before.id, of: record.id, nonce: String(repeating: "c", count: 32)) == nil)
        fixture.see(1, .firmware)
        #expect(fixture.record(1)?.boot?.id != begun)
        #expect(fixture.state.begun(after: before.id, of: record.id, nonce: Self.nonce)?.boot?.id == begun)
        #expect(fixture.record(1)?.boot?.id == begun)
    }

    @Test("a boot that could not be written is answered with when it is claimed again, and its timeline has it once")
    func notWritten() async throws {
        let store = FailingStore(after: .max)
        let site = try await TestSite(SiteText.site(), store: store)
        try await site.addImage()
        let grant = try await site.start(1)
        var status = site.status(of: 1, revision: 1)
        let root = try #require(site.fleet.snapshot.images.values.first?.root?.digest)
        status.system = RunningSystem(root: root, kernelRelease: "6.12-1", methods: [.soft])
        await site.fleet.take(status, from: try #require(site.record(1)))
        let request = UpgradeRequest(method: .soft, deadline: 60, isRestart: true)
        let order = try #require(try await site.fleet.orderUpgrade("h1", request).upgrade?.order.id)
        let claim = SuccessorClaim(nonce: Self.nonce, root: root, order: order)
        store.allow(0)
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.succeed(grant.credential, boot: grant.boot, claim) }
        #expect(problem?.code == "not-durable")
        let begun = try #require(site.record(1)?.boot?.id)
        store.allow(.max)
        for _ in 0..<2 { #expect(try await site.fleet.succeed(grant.credential, boot: grant.boot, claim).boot == begun.description) }
        let events = try await site.fleet.timeline(of: "h1", boot: "all").events
        #expect(events.count { $0.name == "boot-began" && $0.boot == begun } == 1)
    }

    @Test("a nonce that is none is refused")
    func malformed() throws {
        var (fixture, target) = try fixture()
        let root = try #require(target.root?.digest)
        let problem = #expect(throws: APIProblem.self) { try succeed(&fixture, SuccessorClaim(nonce: "x", root: root, order: nil)) }
        #expect(problem?.code == "malformed-claim")
    }

    @Test("a host that comes back begins a boot of its old image, and the order has failed with its reason")
    func back() throws {
        var (fixture, target) = try fixture()
        let first = try #require(fixture.record(1)?.boot)
        let old = try #require(first.image.flatMap { fixture.state.images[$0]?.root?.digest })
        try order(&fixture, target)
        let root = try #require(target.root?.digest)
        let gone = try succeed(&fixture, SuccessorClaim(nonce: Self.nonce, root: root, order: "o-1"))
        let claim = SuccessorClaim(nonce: String(repeating: "c", count: 32), root: old, order: "o-1", fallback: "not operational")
        let record = try succeed(&fixture, claim)
        #expect(record.boot?.predecessor == gone.boot?.id && record.boot?.image == first.image && record.boot?.kernel == first.kernel)
        #expect(record.upgrade?.state == .failed && record.upgrade?.failure == "not operational")
    }

    @Test("an order that the agent gave up has failed; one of a host that was reset meanwhile, too; a cold one is done by that")
    func endings() throws {
        var (fixture, target) = try fixture()
        try order(&fixture, target)
        #expect(report(&fixture, operational: true, failure: "no memory").contains("upgrade-failed"))
        #expect(fixture.record(1)?.upgrade?.failure == "no memory")
        for (method, state) in [(UpgradeMethod.soft, UpgradeRecord.State.failed), (.cold, .done)] {
            // A cold start boots what is assigned.
            let assigned = try #require(fixture.state.images[StateFixture.digest(1, 0)])
            try order(&fixture, method == .cold ? assigned : target, method: method)
            fixture.now += 400_000
            _ = try fixture.boot(1)
            report(&fixture, operational: true)
            #expect(fixture.record(1)?.upgrade?.state == state, "\(method)")
        }
    }

    @Test("a host that shows another root than its boot's image has is recorded with the image that it runs")
    func observed() throws {
        var (fixture, target) = try fixture()
        report(&fixture, operational: true, root: target.root?.digest)
        #expect(fixture.record(1)?.boot?.image == target.digest)
    }

    @Test("the choice of a method compares with the kernel that runs, not with the image that ran last")
    func situation() throws {
        var (fixture, target) = try fixture()
        try order(&fixture, target)
        let root = try #require(target.root?.digest)
        let record = try succeed(&fixture, SuccessorClaim(nonce: Self.nonce, root: root, order: "o-1"))
        let boot = try #require(record.boot)
        var other = target
        other.digest = StateFixture.digest(8, 0)
        let same = fixture.state.situation(of: boot, on: record, target: other, arguments: ["quiet"], isRestart: false)
        #expect(UpgradePlan(for: same)[.soft]?.obstacles.map(\.code).contains(.kernelDiffers) == false)
        other.kernel.digest = StateFixture.digest(8, 1)
        let changed = fixture.state.situation(of: boot, on: record, target: other, arguments: ["quiet"], isRestart: false)
        #expect(UpgradePlan(for: changed)[.soft]?.obstacles.map(\.code).contains(.kernelDiffers) == true)
    }
}
