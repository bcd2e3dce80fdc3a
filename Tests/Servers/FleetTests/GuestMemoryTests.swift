import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import OperatorTypes
import Primitives
import Rollout
import Testing

@Suite("Memory for guests becomes a kernel argument once the host has shown its memory map")
struct GuestMemoryTests {
    private static func site(_ asked: String, arguments: String = "") -> StateFixture {
        StateFixture(SiteText.all(SiteText.subnet, SiteText.profile, SiteText.host(1, "profiles: [base]\n  guestMemory: \(asked)\(arguments)")))
    }

    /// A host with `high` MiB above 4 GiB.
    private static func inventory(high: UInt64) -> Inventory {
        Inventory(
            system: .init(), processor: .init(model: "x", count: 1, sockets: 1), memoryBytes: 0,
            memoryMap: [
                .init(start: 0, end: (1 << 30) - 1, kind: "System RAM"),
                .init(start: 4 << 30, end: (4 << 30) + (high << 20) - 1, kind: "System RAM"),
            ], interfaces: [], disks: [], firmware: .bios, kernel: "6.12", hasKVM: true, hasTPM: false)
    }

    private func show(_ inventory: Inventory, _ fixture: inout StateFixture) throws {
        var record = try #require(fixture.record(1))
        record.inventory = inventory
        fixture.state.put(record)
    }

    @discardableResult
    private func report(_ fixture: inout StateFixture) throws -> Bool {
        let record = try #require(fixture.record(1))
        let hashes = try ConfigurationHashes(fixture.state.assignment(of: record).get())
        let status = StatusReport(
            revision: 1, bootHash: hashes.boot, liveHash: hashes.live, items: [], guests: [], operational: true, agentVersion: "1", uptime: 1)
        _ = fixture.state.report(status, from: record.id, now: fixture.now)
        return fixture.state.summary(of: try #require(fixture.record(1)), now: fixture.now).drift
    }

    private func outlook(_ fixture: StateFixture) throws -> String? {
        fixture.state.detail(of: try #require(fixture.record(1)), now: fixture.now).guestMemory?.description
    }

    @Test("the first boot goes without, and needs another; the next has it, and nothing differs any more")
    func twoBoots() throws {
        var fixture = Self.site("2GiB")
        let first = try fixture.boot(1)
        #expect(first.boot?.kernelArguments == ["quiet"])
        #expect(try report(&fixture) == false)
        #expect(try outlook(fixture) == "2048 MiB to be set aside once the host has shown its memory map")
        try show(Self.inventory(high: 4096), &fixture)
        // The agent takes the first configuration that it gets for what it was started with; the script's own words are not forgotten.
        #expect(try report(&fixture) == true)
        #expect(try outlook(fixture) == "2048 MiB to be set aside by memmap=2048M!4096M at the next start of a kernel")
        fixture.now += 400_000
        let second = try fixture.boot(1)
        #expect(second.boot?.kernelArguments == ["quiet", "memmap=2048M!4096M"])
        #expect(try report(&fixture) == false)
        #expect(try outlook(fixture) == "2048 MiB, by memmap=2048M!4096M")
    }

    @Test("the argument is in the boot hash, the size is not in the live hash")
    func hashes() throws {
        var hashes: [ConfigurationHashes] = []
        for asked in ["1GiB", "2GiB"] {
            var fixture = Self.site(asked)
            try fixture.boot(1)
            try show(Self.inventory(high: 4096), &fixture)
            hashes.append(try ConfigurationHashes(fixture.state.assignment(of: #require(fixture.record(1))).get()))
        }
        #expect(hashes[0].live == hashes[1].live)
        #expect(hashes[0].boot != hashes[1].boot)
    }

    @Test(
        "what cannot be set aside is said at each boot and in the host's detail, and the host boots without",
        arguments: [
            ("8GiB", "", "leave less than"), ("2GiB", "\n  kernelArguments: [memmap=1G!4G]", "memmap=1G!4G sets memory aside already"),
        ])
    func refusals(asked: String, arguments: String, says: String) throws {
        var fixture = Self.site(asked, arguments: arguments)
        try fixture.boot(1)
        try show(Self.inventory(high: 4096), &fixture)
        fixture.now += 400_000
        fixture.see(1, .firmware)
        fixture.see(1, .loader)
        var names: [String] = []
        for _ in 0..<2 {
            let sighting = Sighting(stage: .script, hardwareAddress: mac(1), uuid: nil)
            let (decision, _, events) = fixture.state.decideBoot(of: sighting, now: fixture.now, using: &fixture.generator)
            guard case .boot(let plan) = decision else { return #expect(Bool(false), "it may not boot") }
            #expect(!plan.arguments.contains { $0.contains("!4096M") })
            names += events.map(\.name)
            #expect(events.allSatisfy { $0.detail.contains(says) })
        }
        #expect(names == ["guest-memory-refused"], "once a boot")
        #expect(try outlook(fixture)?.contains(says) == true)
    }

    @Test("a plan for another image has the arguments that the host will be assigned with it")
    func otherImage() async throws {
        let image = "apiVersion: bennu/v1\nkind: Image\nmetadata: {name: two}\nspec: {reference: kvm:2, kernelArguments: [debug]}\n"
        let site = try await TestSite(
            SiteText.all(SiteText.subnet, SiteText.profile, image, SiteText.host(1, "profiles: [base]\n  guestMemory: 1GiB")))
        try await site.addImage("kvm:1", seed: "1")
        try await site.addImage("kvm:2", seed: "2")
        _ = try await site.start(1)
        site.fleet.take(Self.inventory(high: 4096), from: try #require(site.record(1)))
        site.clock.advance(400_000)
        _ = try await site.start(1)
        var status = site.status(of: 1, revision: 1)
        status.system = RunningSystem(
            root: nil, kernelRelease: "6.12", memoryAvailable: 1 << 30, methods: UpgradeMethod.allCases,
            guestMemory: GuestMemoryStatus(bytes: 1 << 30, free: 1 << 30))
        await site.fleet.take(status, from: try #require(site.record(1)))
        let request = UpgradeRequest(image: "kvm:2")
        #expect(try site.fleet.upgradeOutlook("h1", request).plan.choice == .warm)
        let order = try await site.fleet.orderUpgrade("h1", request).upgrade?.order
        #expect(order?.method == .warm && order?.image.kernelArguments == ["debug", "quiet", "memmap=1024M!4096M"])
        #expect(order?.image.kernelSize != nil && order?.image.initrds?.count == 2)
    }
}
