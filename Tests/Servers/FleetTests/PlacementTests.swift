import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import Testing

@Suite("A guest runs on one host, and moves only when the former host has let go")
struct PlacementTests {
    private func site(on host: String) -> String { SiteText.all(SiteText.site(hosts: 3), SiteText.guest("web", on: host)) }

    private func settle(_ site: inout StateFixture) {
        for (guest, placement) in site.state.placementChanges(now: site.now) { site.state.placements[guest] = placement }
    }

    private func guests(_ site: StateFixture, _ number: Int) -> [String] {
        guard let record = site.record(number), case .success(let assigned) = site.state.assignment(of: record) else { return ["no assignment"] }
        return assigned.settings.guests.map(\.name)
    }

    /// The hash of the settings that a host is to have now.
    private func wanted(_ site: StateFixture, _ host: HostID) throws -> String {
        ConfigurationHashes(try site.state.assignment(of: #require(site.state.hosts[host])).get()).live
    }

    private func running(_ revision: UInt64, _ guests: String..., liveHash: String? = nil) -> StatusReport {
        .test(revision: revision, operational: true, guests: guests.map { GuestStatus(name: $0, state: "running") }, liveHash: liveHash)
    }

    /// h1 runs `web`, and the documents move it to h2.
    private func moved() throws -> (site: StateFixture, h1: HostID, h2: HostID) {
        var site = StateFixture(site(on: "h1"))
        settle(&site)
        let (h1, h2) = (try site.boot(1).id, try site.boot(2).id)
        _ = site.state.report(running(1, "web"), from: h1, now: site.now)
        site.adopt(self.site(on: "h2"))
        settle(&site)
        site.now += 1000
        return (site, h1, h2)
    }

    @Test("a new guest may run at once, with generation 1, and only on its host")
    func first() throws {
        var site = StateFixture(site(on: "h1"))
        #expect(guests(site, 1) == [], "before the placement is durable nobody may run it")
        settle(&site)
        #expect(guests(site, 1) == ["web"] && guests(site, 2) == [])
        let host = try #require(site.record(1)?.id)
        #expect(site.state.placements["web"] == PlacementRecord(host: host, generation: 1, awaiting: nil, since: site.now))
        #expect(site.state.placementChanges(now: site.now).isEmpty)
    }

    @Test("a moved guest waits until the former host, with the new settings in force, no longer runs it")
    func move() throws {
        var (site, h1, h2) = try moved()
        #expect(site.state.placements["web"]?.awaiting == h1)
        #expect(guests(site, 1) == [] && guests(site, 2) == [])
        let hash = try wanted(site, h1)
        #expect(site.state.placements(releasedBy: h1, running(2, "web", liveHash: hash), now: site.now).isEmpty, "it still runs")
        #expect(site.state.placements(releasedBy: h2, running(2, liveHash: hash), now: site.now).isEmpty, "another host says nothing about it")
        #expect(site.state.placements(releasedBy: h1, running(0), now: site.now).isEmpty, "an agent that has no settings yet knows nothing")
        let released = try #require(site.state.placements(releasedBy: h1, running(2, liveHash: hash), now: site.now)["web"])
        #expect(released.host == h2 && released.generation == 2 && released.awaiting == nil)
        site.state.placements["web"] = released
        #expect(guests(site, 1) == [] && guests(site, 2) == ["web"])
        #expect(site.state.placementChanges(now: site.now).isEmpty)
    }

    @Test("a host that has the old settings in force may be about to start the guest: that it does not run yet is no release")
    func race() throws {
        let (site, h1, _) = try moved()
        #expect(site.state.placements(releasedBy: h1, running(1, liveHash: "old"), now: site.now).isEmpty)
    }

    @Test("a report from before the move does not count", arguments: [0, -1] as [Int64])
    func olderReport(offset: Int64) throws {
        let (site, h1, _) = try moved()
        let since = try #require(site.state.placements["web"]?.since)
        #expect(try site.state.placements(releasedBy: h1, running(2, liveHash: wanted(site, h1)), now: since + offset).isEmpty)
    }

    @Test("guests that are shut off or crashed are let go of; paused ones are not", arguments: ["shut off", "crashed", "paused", "in shutdown"])
    func states(state: String) throws {
        let (site, h1, _) = try moved()
        let report = StatusReport.test(
            revision: 2, operational: true, guests: [GuestStatus(name: "web", state: state)], liveHash: try wanted(site, h1))
        #expect(site.state.placements(releasedBy: h1, report, now: site.now).isEmpty == !["shut off", "crashed"].contains(state))
    }

    @Test("moved on before it was let go of, a guest waits for the host that runs it; moved back, for nobody")
    func movedAgain() throws {
        var (site, h1, _) = try moved()
        site.adopt(self.site(on: "h3"))
        settle(&site)
        #expect(site.state.placements["web"]?.awaiting == h1 && site.state.placements["web"]?.generation == 3)
        site.adopt(self.site(on: "h1"))
        settle(&site)
        #expect(site.state.placements["web"]?.awaiting == nil && site.state.placements["web"]?.generation == 4)
        #expect(guests(site, 1) == ["web"])
    }

    @Test("a former host that the operator removed is not waited for")
    func removedHost() throws {
        var (site, h1, h2) = try moved()
        site.state.remove(h1)
        settle(&site)
        #expect(site.state.placements["web"]?.awaiting == nil && site.state.placements["web"]?.host == h2)
        #expect(guests(site, 2) == ["web"])
    }

    @Test("a guest that went and comes back elsewhere still waits for the host that may run it")
    func goneGuest() throws {
        var (site, h1, h2) = try moved()
        site.adopt(SiteText.site(hosts: 3))
        #expect(site.state.placementChanges(now: site.now).isEmpty)
        site.adopt(self.site(on: "h3"))
        settle(&site)
        let placement = try #require(site.state.placements["web"])
        #expect(placement.awaiting == h1 && placement.generation == 3 && placement.host != h2)
    }
}
