import Fleet
import FleetFixtures
import FleetModel
import HostAgent
import HostContract
import OperatorTypes
import Rollout
import Testing

@Suite("An order by cold", .timeLimit(.minutes(2)))
struct ColdOrderTests {
    @Test("the plan knows how long guests have to shut down, by their documents; they end, and the reset is asked for")
    func cold() async throws {
        try await Scene.withoutLoss { scene in
            try await scene.site.apply(
                SiteText.all(
                    SiteText.guest("web", on: "h1") + "  shutdownTimeout: 5m\n",
                    SiteText.guest("disks", on: "h1") + "  shutdownTimeout: 20s\n  shutdownOrder: 1\n"))
            let first = try await scene.start()
            try await scene.until { $0.boot?.status?.guests.filter { $0.state == "running" }.count == 2 }
            let outlook = try await scene.site.fleet.orderUpgrade("h1", UpgradeRequest(method: .cold, isRestart: true))
            #expect(outlook.plan[.cold]?.shutdownTime == 320 && outlook.upgrade?.order.method == .cold)
            let left = try await scene.until { record in
                scene.machine.isResetting && record.boot?.status?.guests.allSatisfy { $0.state == "shut off" } == true
            }
            #expect(left.boot?.id == first && left.upgrade?.state == .ordered)
            let events = try await scene.site.fleet.timeline(of: "h1", boot: "all").events.map(\.name)
            #expect(events.contains("leaving") && !events.contains("guest-destroyed"), "libvirt's test driver has them obey: \(events)")
        }
    }
}
