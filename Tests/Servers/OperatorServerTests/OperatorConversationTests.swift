import Fleet
import FleetFixtures
import FleetModel
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import TestSupport
import Testing

@Suite("Operators and the operator server, over its socket", .timeLimit(.minutes(2)))
struct OperatorConversationTests {
    @Test("the socket is for its owner and group only")
    func mode() async throws {
        try await RunningOperatorServer.with(try await TestSite()) { server in
            // The mode is set right after the socket listens, which the first answer may overtake.
            while try FileManager.default.attributesOfItem(atPath: server.socket)[.posixPermissions] as? Int != 0o660 { await Task.yield() }
        }
    }

    @Test("a discovered host is listed, accepted, set and removed")
    func hosts() async throws {
        let site = try await TestSite(SiteText.site())
        try await site.addImage()
        site.powerOn(9)
        try await RunningOperatorServer.with(site) { server in
            let client = server.client
            let hosts = try await client.get([HostSummary].self, "/v1/hosts")
            #expect(hosts.map(\.name) == ["h1", "h2", nil] && hosts.map(\.state) == [.expected, .expected, .discovered])
            let path = "/v1/hosts/52:54:00:00:00:09"
            let accepted = try await client.send("POST", path + "/accept", body: HostEdit(name: "r9", profiles: ["base"]), answer: HostDetail.self)
            #expect(accepted.summary.name == "r9" && accepted.assignment?.reference == "kvm:1" && accepted.revision == 2)
            let set = try await client.send("PATCH", "/v1/hosts/r9", body: HostEdit(image: "kvm:2"), answer: HostDetail.self)
            #expect(set.assignment == nil && set.obstacle?.contains("kvm:2") == true)
            #expect(try await client.get(HostDetail.self, "/v1/hosts/\(accepted.record.id)").summary.image == "kvm:2")
            try await client.delete("/v1/hosts/r9")
            #expect(try await client.get([HostSummary].self, "/v1/hosts").count == 2)
        }
    }

    @Test("what is refused has its status and its name")
    func refusals() async throws {
        let site = try await TestSite(SiteText.site())
        try await RunningOperatorServer.with(site) { server in
            let rows: [(String, String, String?, Int, String)] = [
                ("GET", "/v1/hosts/nobody", nil, 404, "unknown-host"),
                ("GET", "/v1/hosts/h1/timeline?boot=x", nil, 400, "malformed-name"),
                ("POST", "/v1/hosts/h1/accept", #"{"name": "x"}"#, 409, "taken"),
                ("POST", "/v1/hosts/h1/accept", "{", 400, "malformed-body"),
                ("PATCH", "/v1/hosts/h1", #"{"image": "a:b:c"}"#, 400, "malformed-name"),
                ("PATCH", "/v1/hosts/h1", #"{"profiles": ["none"]}"#, 400, "invalid-host"),
                ("GET", "/v1/images/none", nil, 404, "unknown-image"),
                ("DELETE", "/v1/images/none", nil, 404, "unknown-image"),
                ("POST", "/v1/images/import", #"{"path": "/nowhere", "references": ["a:b:c"]}"#, 400, "malformed-name"),
                ("DELETE", "/v1/documents/Host/none", nil, 404, "unknown-document"),
                ("DELETE", "/v1/documents/Profile/base", nil, 409, "in-use"),
                ("POST", "/v1/documents", "[]", 400, "malformed-body"),
                ("POST", "/v1/models/trust", #"{"model": "no such"}"#, 404, "unknown-model"),
                ("POST", "/v1/models/trust", #"{"model": "h1"}"#, 400, "nothing-to-do"),
                ("POST", "/v1/models/trust", "{}", 400, "malformed-body"),
                ("GET", "/v1/leases?state=happy", nil, 400, "malformed-state"),
                ("GET", "/v1/leases", nil, 400, "dhcp-not-served"),
                ("GET", "/v1/dhcp/trace", nil, 400, "dhcp-not-served"),
                ("GET", "/v1/dhcp/statistics", nil, 400, "dhcp-not-served"),
                ("POST", "/v1/leases/10.0.0.1/release", "[]", 400, "malformed-body"),
            ]
            for (method, path, body, status, code) in rows {
                let answer = try await server.curl(method, path, body)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(try answer.decoded(APIProblem.self).code == code, "\(method) \(path)")
            }
            #expect(try await server.curl("GET", "/v1/nothing").status == 404)
            #expect(site.fleet.snapshot.revision == 1)
        }
    }

    @Test("an image comes in, is named, tagged, verified, kept while it is used, and goes")
    func images() async throws {
        let site = try await TestSite(SiteText.site(hosts: 1))
        let layout = try ImageLayout(in: site.directory.path + "/layout")
        try await RunningOperatorServer.with(site) { server in
            let client = server.client
            let imported = try await client.post(
                "/v1/images/import", body: ImageImport(path: layout.directory, references: []), answer: ImageSummary.self)
            #expect(imported.references == ["kvm:1"] && imported.usedBy == ["h1"])
            let tagged = try await client.post("/v1/images/kvm:1/tag", body: ImageTag(reference: "kvm:old"), answer: ImageSummary.self)
            #expect(tagged.references == ["kvm:1", "kvm:old"])
            #expect(try await client.get([ImageSummary].self, "/v1/images") == [tagged])
            let verified = try await server.curl("POST", "/v1/images/\(imported.digest)/verify").decoded(ImageVerification.self)
            #expect(verified.faults.isEmpty && verified.blobs > 3)
            #expect(try await server.curl("DELETE", "/v1/images/kvm:1").status == 409)
            #expect(try await server.curl("DELETE", "/v1/images/kvm:old").status == 204)
            _ = try await client.send("PATCH", "/v1/hosts/h1", body: HostEdit(image: "kvm:2"), answer: HostDetail.self)
            #expect(try await server.curl("DELETE", "/v1/images/kvm:1").status == 204)
            #expect(try await client.get([ImageSummary].self, "/v1/images") == [])
        }
    }

    @Test("ten mistakes in three files are all named with file, line and path, and nothing is applied")
    func tenMistakes() async throws {
        let site = try await TestSite(SiteText.site())
        let head = "apiVersion: bennu/v1\nkind: Host\n"
        let files = [
            ApplyRequest.SourceText(
                path: "a.yaml",
                text: head + "metadata: {name: a}\nspec:\n  hardwareAddresses: [zz]\n  uuid: x\n  address: 1.2.3\n  image: a:b:c\n  colour: red\n"),
            ApplyRequest.SourceText(
                path: "b.yaml",
                text:
                    "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: b}\nspec:\n  prefix: 10.0.0.0/33\n  leaseTime: soon\n  unknownHosts: eat\n"),
            ApplyRequest.SourceText(path: "c.yaml", text: "apiVersion: bennu/v9\nkind: Host\nmetadata: {name: c}\nspec: {}\n---\nkind: Thing\n"),
        ]
        try await RunningOperatorServer.with(site) { server in
            let result = try await server.client.post("/v1/documents", body: ApplyRequest(files: files, dryRun: false), answer: ApplyResult.self)
            let found = result.mistakes.map { "\($0.file):\($0.line) \($0.path)" }
            for expected in [
                "a.yaml:5 spec.hardwareAddresses[0]", "a.yaml:6 spec.uuid", "a.yaml:7 spec.address", "a.yaml:8 spec.image", "a.yaml:9 spec.colour",
                "b.yaml:5 spec.prefix", "b.yaml:6 spec.leaseTime", "b.yaml:7 spec.unknownHosts",
            ] {
                #expect(found.contains(expected), "\(expected) is not in \(found)")
            }
            #expect(found.contains { $0.hasPrefix("c.yaml:1") } && found.contains { $0.hasPrefix("c.yaml:6") })
            #expect(result.mistakes.count >= 10 && result.changes.isEmpty && result.revision == 1)
            #expect(try await server.client.get([DocumentSummary].self, "/v1/documents").count == 4)
        }
    }

    @Test("documents come in force, are listed as they were written, and go")
    func documents() async throws {
        try await RunningOperatorServer.with(try await TestSite()) { server in
            let request = ApplyRequest(files: [.init(path: "x", text: SiteText.site())], dryRun: false)
            #expect(try await server.client.post("/v1/documents", body: request, answer: ApplyResult.self).changes.count == 4)
            let list = try await server.client.get([DocumentSummary].self, "/v1/documents")
            #expect(list.map(\.kind) == ["Subnet", "Profile", "Host", "Host"] && list.last?.text == SiteText.host(2))
            #expect(try await server.curl("DELETE", "/v1/documents/host/h2").status == 200)
            #expect(try await server.client.get(ServerStatus.self, "/v1/status").revision == 2)
        }
    }

    @Test("the timeline of a boot, of all boots, and of what comes")
    func timeline() async throws {
        let site = try await TestSite(SiteText.site())
        try await site.addImage()
        let grant = try await site.start(1)
        try await RunningOperatorServer.with(site) { server in
            let client = server.client
            let timeline = try await client.get(Timeline.self, "/v1/hosts/h1/timeline")
            #expect(timeline.boot?.id.description == grant.boot && timeline.events.map(\.name).contains("claimed"))
            #expect(timeline.events.map(\.sequence) == timeline.events.map(\.sequence).sorted())
            site.clock.advance(1000)
            site.powerOn(1)
            let all = try await client.get(Timeline.self, "/v1/hosts/h1/timeline?boot=all")
            #expect(Set(all.events.compactMap(\.boot)).count == 2)
            let old = try await client.get(Timeline.self, "/v1/hosts/h1/timeline?boot=\(grant.boot)")
            #expect(Set(old.events.compactMap(\.boot?.description)) == [grant.boot] && old.boot == nil)

            let last = try #require(all.events.last?.sequence)
            let record = try #require(site.record(1))
            site.fleet.take(ProgressReport(events: [.init(name: "said-now")]), from: record)
            _ = try await site.fleet.timeline(of: "h1", boot: nil)
            for try await line in client.lines("/v1/hosts/h1/timeline/follow?after=\(last)") {
                let event = try JSONDecoder().decode(BootEvent.self, from: Data(line.utf8))
                #expect(event.name == "said-now" && event.sequence > last)
                break
            }
        }
    }
}
