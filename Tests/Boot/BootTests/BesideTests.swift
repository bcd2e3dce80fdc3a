import Fleet
import FleetModel
import HostContract
import OperatorTypes
import Primitives
import Testing
import VirtualRack

@Suite(
    "A host whose addresses another DHCP server gives", .serialized,
    .enabled(if: BootEnvironment.canBoot && OtherDHCPServer.Program.areInstalled, "needs BENNU_IMAGE, root, /dev/net/tun, dnsmasq and Kea"))
struct BesideTests {
    static let external = "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: rack}\nspec: {prefix: 10.77.0.0/24, mode: external}\n"

    @Test(
        "boots beside a server that only gives addresses, by our ProxyDHCP, and becomes operational", .timeLimit(.minutes(15)),
        arguments: [Firmware.bios, .uefi, .uefiHTTP])
    func proxy(firmware: Firmware) async throws {
        try await Site.with("proxy-\("\(firmware)".lowercased())", firmware: firmware) { site in
            try await site.apply(Self.external.replacing("external", with: "proxy"))
            let other = try OtherDHCPServer(.dnsmasq, site, snippet: "")
            defer { try? other.end() }
            try await site.importImage()
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            let host = try await site.wait(until: .operational, "h1")
            try await expectStory(
                ["boot-began", "discover-received", "offer-sent", "script-sent", "kernel-sent", "claimed", "root-verified", "operational"], site)
            expectEverythingInForce(host)
            let counters = try await site.status().counters["dhcp"] ?? [:]
            #expect(counters["leases"] == 0 && counters["sent-offer", default: 0] > 0)
            #expect(other.given.contains(host.record.boot?.address?.description ?? "none"), "\(other.given)")
        }
    }

    @Test(
        "boots by what bennu dhcp snippet printed, and becomes operational", .timeLimit(.minutes(15)),
        arguments: OtherDHCPServer.Program.allCases, [Firmware.bios, .uefi, .uefiHTTP])
    func external(program: OtherDHCPServer.Program, firmware: Firmware) async throws {
        try await Site.with("\("\(program.rawValue.prefix(3))-\(firmware)".lowercased())", firmware: firmware) { site in
            try await site.apply(Self.external)
            let snippet = try await site.command("dhcp", "snippet", program.rawValue)
            let other = try OtherDHCPServer(program, site, snippet: snippet)
            defer { try? other.end() }
            try await site.importImage()
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            let host = try await site.wait(until: .operational, "h1")
            try await expectStory(
                ["boot-began", "script-sent", "kernel-sent", "claimed", "root-verified", "agent-started", "operational"], site)
            expectEverythingInForce(host)
            let counters = try await site.status().counters["dhcp"] ?? [:]
            #expect(counters.keys.filter { $0.hasPrefix("sent-") } == [], "we answered no DHCP at all")
            #expect(counters["leases"] == 0 && counters["refused-external-subnet", default: 0] > 0)
            #expect(other.given.contains(host.record.boot?.address?.description ?? "none"), "\(other.given)")
            #expect(try await site.ask(host, ["name": "cat /proc/sys/kernel/hostname"])["name"] == "h1", "its address is where it is reached")
        }
    }
}
