import AddressPlan
import BootPolicy
import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import OperatorTypes
import Primitives
import Testing

@Suite("Downloads take turns where the documents limit them")
struct DownloadTests {
    static func limit(_ count: Int) -> String {
        "apiVersion: bennu/v1\nkind: BootServer\nmetadata: {name: site}\nspec: {downloads: \(count)}\n"
    }
    static let hosts = SiteText.all(
        SiteText.subnet, SiteText.profile, SiteText.host(1, "profiles: [base]"), SiteText.host(2, "profiles: [base]"),
        SiteText.host(3, "profiles: [base]"))

    private func site(_ count: Int) async throws -> TestSite {
        let site = try await TestSite(SiteText.all(Self.hosts, Self.limit(count)))
        try await site.addImage()
        return site
    }

    /// All that the script names, sent.
    private func load(_ plan: BootPlan, at site: TestSite) {
        for blob in [plan.kernel] + plan.initrds {
            site.fleet.download(.began, of: blob, by: plan.boot, at: nil)
            site.fleet.download(.progressed, of: blob, by: plan.boot, at: nil)
            site.fleet.download(.ended(isComplete: true), of: blob, by: plan.boot, at: nil)
        }
    }

    private func plan(_ decision: BootDecision) throws -> BootPlan {
        guard case .boot(let plan) = decision else {
            Issue.record("\(decision)")
            throw Unexpected()
        }
        return plan
    }
    /// Its iPXE asks again.
    private func askAgain(_ number: Int, at site: TestSite) -> BootDecision {
        site.fleet.decideBoot(of: Sighting(stage: .script, hardwareAddress: TestSite.hardwareAddress(number), uuid: nil))
    }
    private struct Unexpected: Error {}

    @Test("the second host is queued, `host show` says so, and its turn comes with the last byte of the first one's initrd")
    func turns() async throws {
        let site = try await site(1)
        let first = try plan(site.powerOn(1))
        guard case .queue(let place, let seconds) = site.powerOn(2) else { return #expect(Bool(false), "it is not queued") }
        #expect(place == QueuePlace(need: .kernel, seconds: 0, before: 0))
        #expect(seconds == 2)
        // What it waits for has not begun.
        #expect(site.record(2)?.boot?.phase == .loader)
        site.clock.advance(4300)
        #expect(try site.fleet.hostDetail("h2").summary.queue?.seconds == 4)
        #expect(site.fleet.hostList().map { $0.queue?.before } == [nil, 0, nil])
        #expect(site.fleet.downloadLoads.server == DownloadLoad(limit: 1, downloading: 1, queued: 1))
        load(first, at: site)
        let second = try plan(askAgain(2, at: site))
        #expect(site.record(2)?.boot?.queued == 4300)
        let event = try #require(try await site.fleet.timeline(of: "h2", boot: nil).events.first { $0.name == "queued" })
        #expect(event.detail == "4.3 s for its kernel, 0 before it at first")
        #expect(event.attributes["milliseconds"] == "4300")
        #expect(try site.fleet.hostDetail("h2").summary.queue == nil)
        load(second, at: site)
        // Nothing was queued before the first.
        #expect(try await !site.fleet.timeline(of: "h1", boot: nil).events.map(\.name).contains("queued"))
    }

    @Test("the root of a claimed boot waits, and goes before the kernels of others")
    func root() async throws {
        let site = try await site(1)
        let first = try plan(site.powerOn(1))
        let root = try #require(first.root)
        load(first, at: site)
        _ = try await site.fleet.claim(site.claim(1))
        let second = try plan(site.powerOn(2))
        guard case .queue = site.powerOn(3) else { return #expect(Bool(false), "it is not queued") }
        guard case .queue(let place, _) = site.fleet.decideDownload(of: root, by: first.boot, at: nil) else {
            return #expect(Bool(false), "the root is not queued")
        }
        #expect(place.need == .root && place.before == 0)
        load(second, at: site)
        site.clock.advance(1000)
        guard case .queue = site.powerOn(3) else { return #expect(Bool(false), "it is not queued") }
        #expect(site.fleet.decideDownload(of: root, by: first.boot, at: nil) == .go)
        site.fleet.download(.began, of: root, by: first.boot, at: nil)
        site.fleet.download(.ended(isComplete: true), of: root, by: first.boot, at: nil)
        _ = try plan(site.powerOn(3))
        // Whoever names a boot that nobody knows takes nobody's place.
        #expect(site.fleet.decideDownload(of: root, by: BootID(unchecked: "zzzzzzzzzzzzzzzz"), at: nil) == .go)
    }

    @Test("limits of subnets are found by the address that asks, and change without a restart")
    func subnets() async throws {
        let site = try await site(100)
        try await site.apply(SiteText.subnet.replacing("prefix:", with: "downloads: 1\n  prefix:"))
        func ask(_ number: Int, _ address: String) -> BootDecision {
            site.fleet.decideBoot(
                of: Sighting(
                    stage: .script, hardwareAddress: TestSite.hardwareAddress(number), uuid: nil, address: IPv4Address(address)))
        }
        let subnet = try #require(site.fleet.subnets.subnets.first)
        let inside = IPv4Address(value: subnet.prefix.network.value + 5).description
        _ = try plan(ask(1, inside))
        guard case .queue = ask(2, inside) else { return #expect(Bool(false), "it is not queued") }
        _ = try plan(ask(3, "192.0.2.1"))
        #expect(site.fleet.downloadLoads.subnets.values.map(\.queued) == [1])
        try await site.apply(SiteText.subnet)
        _ = try plan(ask(2, inside))
    }

    @Test("a host that goes away is noted, and a wait is no sign that an image hangs")
    func left() async throws {
        let site = try await site(1)
        _ = try plan(site.powerOn(1))
        _ = site.powerOn(2)
        site.clock.advance(29_000)
        _ = site.powerOn(2)
        site.clock.advance(120_000)
        site.fleet.settleDownloads()
        let names = try await site.fleet.timeline(of: "h2", boot: nil).events.map(\.name)
        #expect(names.contains("queue-left"))
        #expect(try site.fleet.hostDetail("h2").summary.queue == nil)

        var boot = BootRecord(id: BootID(unchecked: "bbbbbbbbbbbbbbbb"), kind: .cold, predecessor: nil, startedAt: 0)
        (boot.phase, boot.steps, boot.image) = (.kernel, [.loaded], StateFixture.digest(1, 0))
        #expect(boot.isStuck(hasRoot: true, now: 1_000_000, serving: 0, heard: nil, patience: 900_000))
        #expect(BootFailure(of: boot, hasRoot: true, endedAt: 700_000, serving: 0) == .neverUp)
        boot.queued = 600_000
        #expect(!boot.isStuck(hasRoot: true, now: 1_000_000, serving: 0, heard: nil, patience: 900_000))
        #expect(BootFailure(of: boot, hasRoot: true, endedAt: 700_000, serving: 0) == .endedEarly)
    }

    @Test("a server that starts again has forgotten the line, and serves whoever asks")
    func restart() async throws {
        let site = try await site(1)
        let first = try plan(site.powerOn(1))
        _ = site.powerOn(2)
        await site.fleet.save()
        try site.close()
        let again = try await TestSite(store: site.store, directory: site.directory, clock: site.clock)
        #expect(again.fleet.downloadLoads.server == DownloadLoad(limit: 1, downloading: 0, queued: 0))
        // The first goes on with its initrd, in a slot of its own making; the second waits for it as before.
        site.clock.advance(3000)
        let initrd = try #require(first.initrds.first)
        again.fleet.download(.began, of: initrd, by: first.boot, at: nil)
        guard case .queue = again.powerOn(2) else { return #expect(Bool(false), "it is not queued") }
        again.fleet.download(.ended(isComplete: true), of: initrd, by: first.boot, at: nil)
        _ = try plan(again.powerOn(2))
    }
}
