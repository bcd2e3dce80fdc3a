import Fleet
import FleetFixtures
import FleetModel
import HostContract
import Primitives
import Testing

@Suite("The address of a host that another DHCP server gave one to")
struct OtherServersAddressTests {
    private static let external = "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: lab}\nspec: {prefix: 10.0.0.0/24, mode: external"

    private func script(_ site: TestSite, _ number: Int, from address: String) throws {
        let boot = try #require(site.record(number)?.boot?.id)
        site.fleet.record(
            BootEvent(
                host: site.record(number)?.id, boot: boot, time: 0, source: .script, name: "script-sent", attributes: ["address": address]))
    }

    @Test("is where its script was asked from, then where its boot was claimed from, then where it reports from")
    func learned() async throws {
        let site = try await TestSite(SiteText.all(Self.external + "}\n", SiteText.profile, SiteText.host(1)))
        try await site.addImage()
        site.powerOn(1)
        #expect(site.record(1)?.boot?.address == nil)
        try script(site, 1, from: "10.0.0.7")
        #expect(site.record(1)?.boot?.address == IPv4Address(10, 0, 0, 7))
        _ = try await site.fleet.claim(site.claim(1), from: "10.0.0.9")
        #expect(site.record(1)?.boot?.address == IPv4Address(10, 0, 0, 9))
        for (reported, known) in ["10.0.0.11": IPv4Address(10, 0, 0, 11), "192.168.0.1": IPv4Address(10, 0, 0, 11)] as KeyValuePairs {
            await site.fleet.take(
                StatusReport(revision: 0, items: [], guests: [], operational: false, agentVersion: "1", uptime: 1),
                from: try #require(site.record(1)), at: reported)
            #expect(site.record(1)?.boot?.address == known)
        }
    }

    @Test("does not replace one that our own server gave")
    func ours() async throws {
        let site = try await TestSite(SiteText.site())
        try await site.addImage()
        site.powerOn(1)
        let boot = try #require(site.record(1)?.boot?.id)
        site.fleet.record(
            BootEvent(
                host: site.record(1)?.id, boot: boot, time: 0, source: .dhcp, name: "ack-sent", attributes: ["address": "10.77.0.100"]))
        try script(site, 1, from: "10.77.0.7")
        _ = try await site.fleet.claim(site.claim(1), from: "192.168.0.1")
        #expect(site.record(1)?.boot?.address == IPv4Address(10, 77, 0, 100))
    }
}
