import FleetModel
import HostContract
import OperatorTypes
import Testing
import VirtualRack

@Suite("A UEFI host", .serialized, .enabled(if: BootEnvironment.canBoot, "needs BENNU_IMAGE, root and /dev/net/tun"))
struct UEFIBootTests {
    private static func downloads(_ count: Int) -> String {
        "apiVersion: bennu/v1\nkind: BootServer\nmetadata: {name: site}\nspec: {downloads: \(count)}\n"
    }

    private static let another = """
        apiVersion: bennu/v1
        kind: Host
        metadata: {name: another}
        spec: {hardwareAddresses: ["52:54:00:99:99:99"], profiles: [base]}
        """

    @Test(
        "boots by PXE: fetches iPXE by TFTP, waits while another host has the only slot, then all else by HTTP, and becomes operational",
        .timeLimit(.minutes(15)))
    func byTFTP() async throws {
        try await Site.with("uefi", firmware: .uefi) { site in
            try await site.importImage()
            try await site.expect("h1")
            try await site.apply(Self.downloads(1), Self.another)
            let other = try await site.keepAsking(as: "52:54:00:99:99:99")
            defer { other.cancel() }
            try await site.rack.power(.on, "h1")
            let queue = try await eventually("h1 is queued", within: .seconds(600)) { try await site.host("h1")?.summary.queue }
            #expect(queue.need == .kernel)
            other.cancel()
            // More slots, and it goes on.
            try await site.apply(Self.downloads(2))
            let host = try await site.wait(until: .operational, "h1")
            try await expectStory(
                [
                    "boot-began", "ack-sent", "loader-sent", "ack-sent", "queued", "script-sent", "kernel-sent", "claimed", "root-verified",
                    "operational",
                ], site)
            let loaders = try await site.timeline(of: "h1").filter { $0.name == "loader-sent" }
            #expect(loaders.map(\.source) == [.tftp, .tftp])
            #expect(loaders.map { $0.attributes["name"] } == ["snponly.efi", "autoexec.ipxe"], "iPXE is told to configure by DHCP only")
            #expect(host.record.inventory?.firmware == .uefi)
            try await expectOneLease(host, site)
            expectEverythingInForce(host)
        }
    }

    @Test("boots by HTTP alone: its firmware fetches iPXE by itself", .timeLimit(.minutes(15)))
    func byHTTP() async throws {
        try await Site.with("uefi-http", firmware: .uefiHTTP) { site in
            try await site.importImage()
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            let host = try await site.wait(until: .operational, "h1")
            let loaders = try await site.timeline(of: "h1").filter { $0.name == "loader-sent" }
            #expect(loaders.map(\.source) == [.http, .http])
            #expect(loaders.map { $0.attributes["name"] } == ["snponly.efi", "autoexec.ipxe"])
            #expect(host.record.inventory?.firmware == .uefi)
            try await expectOneLease(host, site)
            expectEverythingInForce(host)
        }
    }
}
