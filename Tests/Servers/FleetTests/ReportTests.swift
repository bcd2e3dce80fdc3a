import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import Testing

@Suite("What agents report, as events and as the phase of the boot")
struct ReportTests {
    private static let bridge = ItemKey(kind: "bridge", name: "br0")

    private func item(_ state: ItemStatus.State, _ detail: String = "") -> [ItemStatus] {
        [ItemStatus(item: Self.bridge, state: state, detail: detail)]
    }

    struct Flow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reports: [StatusReport]
        let events: [[String]]
        let phases: [BootRecord.Phase]
        let states: [HostState]
    }

    private static func items(_ states: ItemStatus.State...) -> [ItemStatus] { states.map { ItemStatus(item: bridge, state: $0) } }

    static let flows = [
        Flow(
            testDescription: "nothing yet, converging, operational, heartbeat",
            reports: [
                .test(revision: 0, operational: false), .test(revision: 1, operational: false, items: items(.changed)),
                .test(revision: 1, operational: true, items: items(.inForce)), .test(revision: 1, operational: true, items: items(.inForce)),
            ],
            events: [[], ["item-changed"], ["operational"], []], phases: [.agent, .converging, .operational, .operational],
            states: [.booting, .booting, .operational, .operational]),
        Flow(
            testDescription: "failed first, in force later",
            reports: [
                .test(revision: 1, operational: false, items: items(.failed)), .test(revision: 1, operational: false, items: items(.failed)),
                .test(revision: 1, operational: true, items: items(.inForce)),
            ],
            events: [["item-failed", "degraded"], [], ["item-in-force", "operational"]], phases: [.failed, .failed, .operational],
            states: [.degraded, .degraded, .operational]),
        Flow(
            testDescription: "failed, then repaired by a change, but a guest is missing",
            reports: [
                .test(revision: 1, operational: false, items: items(.failed)), .test(revision: 2, operational: false, items: items(.changed)),
            ],
            events: [["item-failed", "degraded"], ["item-changed"]], phases: [.failed, .converging], states: [.degraded, .booting]),
        Flow(
            testDescription: "operational, a guest goes down, and comes back",
            reports: [
                .test(revision: 1, operational: true, guests: [GuestStatus(name: "web", state: "running")]),
                .test(revision: 1, operational: false, guests: [GuestStatus(name: "web", state: "shut off")]),
                .test(revision: 1, operational: true, guests: [GuestStatus(name: "web", state: "running")]),
            ],
            events: [["guest-running", "operational"], ["guest-shut-off"], ["guest-running", "operational"]],
            phases: [.operational, .converging, .operational], states: [.operational, .degraded, .operational]),
        Flow(
            testDescription: "operational, a change fails, the change is taken back",
            reports: [
                .test(revision: 1, operational: true, items: items(.inForce)), .test(revision: 2, operational: false, items: items(.failed)),
                .test(revision: 3, operational: true, items: items(.inForce)),
            ],
            events: [["item-in-force", "operational"], ["item-failed", "degraded"], ["item-in-force", "operational"]],
            phases: [.operational, .failed, .operational], states: [.operational, .degraded, .operational]),
    ]

    @Test("each report makes its events and moves the phase", arguments: flows)
    func flow(row: Flow) throws {
        var site = StateFixture(SiteText.site())
        let host = try site.boot(1).id
        for (index, report) in row.reports.enumerated() {
            site.now += 1000
            #expect(site.state.report(report, from: host, now: site.now).map(\.name) == row.events[index], "report \(index)")
            let record = try #require(site.state.hosts[host])
            #expect(record.boot?.phase == row.phases[index], "report \(index)")
            #expect(HostState(of: record, now: site.now) == row.states[index], "report \(index)")
            #expect(record.boot?.lastReport == site.now && record.boot?.status == report)
        }
    }

    @Test("the first time of being operational stays, and is told with the time since the kernel's start")
    func firstTime() throws {
        var site = StateFixture(SiteText.site())
        let host = try site.boot(1).id
        let events = site.state.report(.test(revision: 4, operational: true), from: host, now: site.now)
        #expect(events.first?.detail == "revision 4" && events.first?.attributes == ["uptime": "12.5"])
        _ = site.state.report(.test(revision: 4, operational: false, items: item(.failed, "no port")), from: host, now: site.now + 10)
        let failed = site.state.report(.test(revision: 4, operational: false, items: item(.failed, "no port")), from: host, now: site.now + 20)
        #expect(failed.isEmpty)
        _ = site.state.report(.test(revision: 4, operational: true), from: host, now: site.now + 30)
        #expect(site.state.hosts[host]?.boot?.operationalAt == site.now)
    }

    @Test("a report twice of one item, or from a host that is gone, does no harm")
    func odd() throws {
        var site = StateFixture(SiteText.site())
        let host = try site.boot(1).id
        let twice = Self.items(.changed, .failed)
        #expect(site.state.report(.test(revision: 1, operational: false, items: twice), from: host, now: 1).count == 3)
        #expect(site.state.report(.test(revision: 1, operational: true), from: HostID(unchecked: "aaaaaaaaaaaaaaaa"), now: 1).isEmpty)
    }
}
