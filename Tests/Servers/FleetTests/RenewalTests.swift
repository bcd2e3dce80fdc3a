import FleetFixtures
import FleetModel
import HostContract
import OperatorTypes
import Rollout
import Testing

@testable import Fleet

@Suite("A guest is renewed on its host")
struct RenewalTests {
    private static let guests = [
        GuestStatus(name: "web", state: "running", memory: .kept), GuestStatus(name: "db", state: "running", memory: .ordinary),
        GuestStatus(name: "gpu", state: "running", memory: .kept, fixture: "has a device of the host"),
        GuestStatus(name: "off", state: "shut off"),
    ]

    private func site() async throws -> TestSite {
        let site = try await TestSite(SiteText.site())
        try await site.addImage()
        _ = try await site.start(1)
        await site.fleet.take(status(site), from: try #require(site.record(1)))
        return site
    }

    private func status(_ site: TestSite, renewal: GuestRenewalStatus? = nil) -> StatusReport {
        var status = site.status(of: 1, revision: 1)
        (status.guests, status.renewal) = (Self.guests, renewal)
        return status
    }

    @Test("the order is in the host's configuration until the host has done it, and the pause is kept")
    func done() async throws {
        let site = try await site()
        let record = try #require(site.record(1))
        let live = try #require(site.status(of: 1, revision: 1).liveHash)
        #expect(try await site.fleet.configuration(for: record, after: 1, live: live, wait: .zero) == nil)
        let order = try await site.fleet.orderRenewal(of: "web", on: "h1").order
        #expect(try await site.fleet.configuration(for: record, after: 1, live: live, wait: .zero) != nil)
        #expect(try await site.fleet.configuration(for: record, after: 1, order: order.id, live: live, wait: .zero) == nil, "it has the order")
        let taken = await #expect(throws: APIProblem.self) { try await site.fleet.orderRenewal(of: "web", on: "h1") }
        #expect(taken?.code == "conflict")
        let upgrade = await #expect(throws: APIProblem.self) {
            try await site.fleet.orderUpgrade("h1", UpgradeRequest(method: .cold, deadline: 60, isRestart: true))
        }
        #expect(upgrade?.code == "conflict")

        await site.fleet.take(status(site, renewal: .init(order: "o-another", pause: 1)), from: record)
        #expect(site.record(1)?.renewal?.state == .ordered, "another order's word")
        await site.fleet.take(status(site, renewal: .init(order: order.id, pause: 812)), from: record)
        #expect(site.record(1)?.renewal?.state == .done && site.record(1)?.renewal?.pause == 812)
        #expect(try await site.fleet.configuration(for: record, after: 1, live: live, wait: .zero) == nil)
        #expect(try await site.fleet.orderRenewal(of: "web", on: "h1").order.id != order.id)
    }

    @Test("an order that the host gave up has failed with its reason, and one that a new boot overtook, too")
    func failed() async throws {
        let site = try await site()
        let order = try await site.fleet.orderRenewal(of: "web", on: "h1").order
        await site.fleet.take(status(site, renewal: .init(order: order.id, failure: "no room")), from: try #require(site.record(1)))
        #expect(site.record(1)?.renewal?.state == .failed && site.record(1)?.renewal?.failure == "no room")

        _ = try await site.fleet.orderRenewal(of: "web", on: "h1")
        site.clock.advance(400_000)
        _ = try await site.start(1)
        await site.fleet.take(status(site), from: try #require(site.record(1)))
        #expect(site.record(1)?.renewal?.state == .failed && site.record(1)?.renewal?.failure?.contains("started anew") == true)
    }

    @Test(
        "what cannot be renewed is refused by name",
        arguments: [
            ("none", "guest-not-running"), ("off", "guest-not-running"), ("db", "guest-memory-ordinary"), ("gpu", "guest-fixture"),
        ])
    func refused(guest: String, code: String) async throws {
        let site = try await site()
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.orderRenewal(of: guest, on: "h1") }
        #expect(problem?.code == code)
        #expect(problem?.message.contains("guest \(guest) on host h1") == true)
        #expect(site.record(1)?.renewal == nil)
    }

    @Test(
        "a guest that the running system's QEMU would not take over is not renewed",
        arguments: [("left", "emulator-refuses"), ("old", "machine-type-unknown")])
    func notTakenOver(guest: String, code: String) async throws {
        let site = try await TestSite(SiteText.site())
        try await site.addImage("kvm:0", seed: "former")
        try await site.addImage("kvm:1", emulator: "1:11.1.3+ds-1~bpo13+1", machineTypes: ["pc-q35-10.0"])
        _ = try await site.start(1)
        let former = try #require(site.fleet.snapshot.images.values.first { $0.emulator?.hasPrefix("1:10") == true }?.root?.digest)
        var status = site.status(of: 1, revision: 1)
        status.guests = [
            GuestStatus(name: "left", state: "running", memory: .kept, machineType: "pc-q35-10.0", root: former),
            GuestStatus(name: "old", state: "running", memory: .kept, machineType: "pc-q35-2.4"),
        ]
        await site.fleet.take(status, from: try #require(site.record(1)))
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.orderRenewal(of: guest, on: "h1") }
        #expect(problem?.code == code)
    }

    @Test("a guest that may pause for less than is expected is not renewed, and the last pause is what is expected")
    func limit() async throws {
        let guest = "apiVersion: bennu/v1\nkind: Guest\nmetadata: {name: web}\nspec: {host: h1, memory: 64MiB, maximumPause: 5s}\n"
        let site = try await TestSite(SiteText.all(SiteText.site(), guest))
        try await site.addImage()
        _ = try await site.start(1)
        await site.fleet.take(status(site), from: try #require(site.record(1)))
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.orderRenewal(of: "web", on: "h1") }
        #expect(problem?.code == "pause-too-long" && problem?.message.contains("it may pause for 5.0 s") == true)
    }

    @Test("a guest with a disk that is not reached is not renewed, and what its document and its host say of methods is in the plan")
    func guestInTheWay() async throws {
        let guest = "apiVersion: bennu/v1\nkind: Guest\nmetadata: {name: web}\nspec: {host: h1, memory: 64MiB, upgrade: {forbid: [cold]}}\n"
        let site = try await TestSite(SiteText.all(SiteText.site(), guest))
        try await site.addImage()
        _ = try await site.start(1)
        var status = site.status(of: 1, revision: 1)
        status.guests = [GuestStatus(name: "web", state: "running", memory: .kept, unreachable: "disk nbd:web over the network: no answer")]
        await site.fleet.take(status, from: try #require(site.record(1)))
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.orderRenewal(of: "web", on: "h1") }
        #expect(problem?.code == "disk-unreachable" && problem?.message.contains("disk nbd:web over the network: no answer") == true)
        let plan = try site.fleet.upgradeOutlook("h1", UpgradeRequest(isRestart: true)).plan
        #expect(plan[.soft]?.obstacles.contains { $0.code == .diskUnreachable && $0.guests == ["web"] } == true)
        #expect(plan[.cold]?.obstacles.contains(.init(.policyForbids, guests: ["web"], detail: "Guest/web forbids cold")) == true)
    }

    @Test("a host that does not run is refused")
    func away() async throws {
        let site = try await TestSite(SiteText.site())
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.orderRenewal(of: "web", on: "h1") }
        #expect(problem?.code == "not-running")
    }
}
