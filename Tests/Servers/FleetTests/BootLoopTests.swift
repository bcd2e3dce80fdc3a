import Fleet
import FleetFixtures
import FleetModel
import OperatorTypes
import Primitives
import Testing

@Suite("A host that fetches its network boot program again and again")
struct BootLoopTests {
    /// As the TFTP server tells of it: by the address alone.
    private func fetch(_ site: TestSite, name: String = "snponly.efi") {
        site.fleet.record(
            BootEvent(host: nil, boot: nil, time: 0, source: .tftp, name: "loader-sent", attributes: ["address": "10.77.0.101", "name": name]))
    }

    private func boot(_ site: TestSite) {
        let sighted = site.fleet.sight(
            Sighting(stage: .firmware, hardwareAddress: TestSite.hardwareAddress(1), uuid: nil, isFirstMessage: true))
        site.fleet.record(
            BootEvent(
                host: sighted.host, boot: sighted.boot, time: 0, source: .dhcp, name: "ack-sent", attributes: ["address": "10.77.0.101"]))
    }

    private func loops(_ site: TestSite) async throws -> [String] {
        try await site.fleet.timeline(of: "h1", boot: "all").events.filter { $0.name == "boot-loop" }.map(\.detail)
    }

    @Test("is told once a boot, at the fifth time")
    func told() async throws {
        let site = try await TestSite(SiteText.site())
        for number in 1...8 {
            boot(site)
            fetch(site)
            fetch(site, name: "autoexec.ipxe")
            #expect(try await loops(site).count == (number < 5 ? 0 : 1), "\(number)")
        }
        #expect(try await loops(site).first?.hasPrefix("snponly.efi was fetched 5 times") == true)
        // What has gone quiet for so long is another boot.
        site.clock.advance(400_000)
        boot(site)
        fetch(site)
        #expect(try await loops(site).count == 1 && site.record(1)?.boot?.loadersSent == 1)
    }

    @Test("is not one that starts anew each time, having come further")
    func restarts() async throws {
        let site = try await TestSite(SiteText.site())
        for _ in 1...8 {
            boot(site)
            fetch(site)
            site.powerOn(1)
        }
        #expect(try await loops(site).isEmpty)
    }
}
