import BootPolicy
import BootServer
import Fleet
import FleetModel
import Foundation
import Primitives
import Testing

@Suite struct ScriptTests {
    let plan = BootPlan(
        host: TestSite.host, boot: TestSite.boot, name: "r1-n1", imageReference: "kvm:2026.11", image: TestSite.digest(9),
        kernel: TestSite.digest(1), initrds: [TestSite.digest(2), TestSite.digest(3)], root: TestSite.digest(4), arguments: ["quiet"])
    let path = "/boot.ipxe?mac=52:54:00:12:34:56&uuid=11223344-5566-7788-99AA-bbccddeeff00"

    @Test("A host with an image is given its script, at the address it came to")
    func boot() async throws {
        let site = try TestSite()
        site.decide(.boot(plan))
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, in: site)
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix("#!ipxe\n"))
            let blob = "http://127.0.0.1:\(server.port)/blobs/sha256/\(TestSite.digest(1).hexadecimal)?boot=\(TestSite.boot)"
            #expect(answer.text.contains(blob))
            #expect(answer.text.contains("bennu.server=http://127.0.0.1:8081 bennu.blobs=http://127.0.0.1:\(server.port) "))
            #expect(answer["content-type"]?.hasPrefix("text/plain") == true)
            #expect(answer["cache-control"] == "no-store")
            let sighting = try #require(site.sightings.first)
            #expect(sighting.stage == .script)
            #expect(sighting.hardwareAddress == TestSite.address)
            #expect(sighting.uuid?.description == "11223344-5566-7788-99aa-bbccddeeff00")
            let event = await site.event("script-sent")
            #expect(event.host == TestSite.host && event.boot == TestSite.boot)
            #expect(event.attributes["image"] == "kvm:2026.11")
        }
    }

    @Test("Whoever does not say who it is gets the script that says it, and is no host yet")
    func firstScript() async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            let answer = try await curl(server, "/boot.ipxe", in: site)
            #expect(answer.status == 200 && answer.text.hasPrefix("#!ipxe\n"))
            #expect(answer.text.contains("chain --replace --autofree http://127.0.0.1:\(server.port)/boot.ipxe?mac=${netX/mac}&uuid=${uuid} "))
            #expect(site.sightings.isEmpty && site.events.isEmpty)
            #expect(try await curl(server, "/boot.ipxe?uuid=", in: site).status == 400)
        }
    }

    @Test(
        "The forms of an address that iPXE versions send are understood", arguments: ["52-54-00-12-34-56", "52%3A54%3a00:12:34:56&uuid="])
    func forms(_ query: String) async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            let answer = try await curl(server, "/boot.ipxe?mac=\(query)", in: site)
            #expect(answer.status == 200)
            #expect(site.sightings.first?.hardwareAddress == TestSite.address)
            #expect(site.sightings.first?.uuid == nil)
        }
    }

    @Test(
        "A host that must wait is told why on its screen each time, and in its timeline once", arguments: BootDecision.WaitReason.allCases)
    func wait(_ reason: BootDecision.WaitReason) async throws {
        let site = try TestSite()
        site.decide(.wait(reason, message: "image \"kvm:9\" is not here; see bennu image list"))
        try await withHTTP(site) { server in
            for _ in 0..<3 {
                let answer = try await curl(server, path, in: site)
                #expect(answer.status == 200)
                #expect(answer.text.contains("echo Bennu: this host waits: \(reason.rawValue)\n"))
                #expect(answer.text.contains("image \"kvm:9\" is not here; see bennu image list\n"))
                #expect(
                    answer.text.contains("chain --replace --autofree http://127.0.0.1:\(server.port)/boot.ipxe?mac=52:54:00:12:34:56&uuid=")
                )
            }
            #expect(server.counters[reason.rawValue] == 3)
            #expect(site.events.map(\.name) == [reason.rawValue])
            #expect(site.events.first?.host == TestSite.host)
            site.decide(.boot(plan))
            _ = try await curl(server, path, in: site)
            site.decide(.wait(reason, message: "again"))
            _ = try await curl(server, path, in: site)
            #expect(site.events.map(\.name) == [reason.rawValue, "script-sent", reason.rawValue])
        }
    }

    @Test("A plan that no script can carry makes the host wait, with the reason")
    func unusable() async throws {
        let site = try TestSite()
        var plan = plan
        plan.arguments = ["a\nb"]
        site.decide(.boot(plan))
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, in: site)
            #expect(answer.text.contains("this host waits: argument-unusable"))
            #expect(site.events.map(\.name) == ["argument-unusable"])
            #expect(site.events.first?.boot == TestSite.boot)
        }
    }

    @Test("Asking with HEAD leaves no trace in the timeline")
    func head() async throws {
        let site = try TestSite()
        site.decide(.boot(plan))
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, ["-I"], in: site)
            #expect(answer.status == 200)
            #expect(answer["content-length"].flatMap { Int($0) }.map { $0 > 100 } == true)
            #expect(site.events.isEmpty)
        }
    }

    @Test(
        "Network boot programs come with the type that UEFI wants",
        arguments: [("snponly.efi", "application/efi"), ("a/undionly.kpxe", "application/octet-stream")])
    func bootFile(_ row: (name: String, type: String)) async throws {
        let site = try TestSite()
        try site.publish(5, TestSite.bytes(2000), as: row.name)
        try await withHTTP(site) { server in
            let answer = try await curl(server, "/boot-files/\(row.name)", in: site)
            #expect(answer.status == 200)
            #expect(answer["content-type"] == row.type)
            #expect(answer.body.count == 2000)
            #expect(await site.event("loader-sent").attributes["name"] == row.name)
        }
    }

    @Test(
        "URLs name what the host reaches",
        arguments: [
            (AdvertisedServers(configurationPort: 81), "http://10.0.0.1", "http://10.0.0.1:81"),
            (AdvertisedServers(host: "192.0.2.1", bootPort: 8080, configurationPort: 81), "http://192.0.2.1:8080", "http://192.0.2.1:81"),
            (AdvertisedServers(host: "fd00::1", configurationPort: 81), "http://[fd00::1]", "http://[fd00::1]:81"),
        ])
    func advertised(_ row: (servers: AdvertisedServers, boot: String, configuration: String)) {
        let servers = row.servers.servers(localAddress: "10.0.0.1", localPort: 80)
        #expect(servers.boot == row.boot)
        #expect(servers.configuration == row.configuration)
    }
}
