import ConfigurationServer
import Fleet
import FleetFixtures
import FleetModel
import Foundation
import HostContract
import OperatorTypes
import Primitives
import Testing

@Suite("Hosts and the configuration server, over the wire", .timeLimit(.minutes(2)))
struct HostConversationTests {
    private func site() async throws -> TestSite {
        let site = try await TestSite(SiteText.site())
        try await site.addImage()
        return site
    }

    @Test("a stop does not wait for a host that waits for news", .timeLimit(.minutes(1)))
    func stopDuringLongPoll() async throws {
        let site = try await site()
        let begun = ContinuousClock.now
        let asks = { @Sendable (server: RunningConfigurationServer) async throws in
            let grant = try await server.claim(1)
            let base = "/v1/boots/\(grant.boot)"
            let first = try await server.call("GET", base + "/configuration", credential: grant.credential).decoded(SignedEnvelope.self)
            let payload = try #require(Data(base64Encoded: first.payload))
            let configuration = try JSONDecoder().decode(HostConfiguration.self, from: payload)
            let status = StatusReport(
                revision: 1, bootHash: configuration.bootHash, liveHash: configuration.liveHash, items: [], guests: [], operational: true,
                agentVersion: "test", uptime: 20)
            #expect(try await server.call("POST", base + "/status", status, credential: grant.credential).status == 204)
            let answer = try await server.call("GET", base + "/configuration?after=1&wait=60", credential: grant.credential)
            #expect(answer.status == 204, "nothing new, and no error")
        }
        try await RunningConfigurationServer.stopped(site, when: { site.fleet.changes.listeners > 0 }, during: asks)
        #expect(ContinuousClock.now - begun < .seconds(50), "the answer came with the stop, not at the end of the minute")
    }

    @Test("a host claims, is told who it is, reports, and is operational")
    func wholeBoot() async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            let grant = try await server.claim(1)
            #expect(grant.machineID.count == 32)
            let base = "/v1/boots/\(grant.boot)"
            let answer = try await server.call("GET", base + "/configuration", credential: grant.credential)
            #expect(answer.status == 200)
            let envelope = try answer.decoded(SignedEnvelope.self)
            let payload = try #require(Data(base64Encoded: envelope.payload))
            let signature = try #require(Data(base64Encoded: envelope.signature))
            #expect(try site.fleet.site.signature(for: Array(payload)).count == signature.count)
            let configuration = try JSONDecoder().decode(HostConfiguration.self, from: payload)
            #expect(configuration.host == grant.host && configuration.boot == grant.boot && configuration.settings.hostName == "h1")

            let progress = ProgressReport(events: [.init(name: "root-verified", detail: "1.2 s"), .init(name: "agent-started")])
            #expect(try await server.call("POST", base + "/events", progress, credential: grant.credential).status == 204)
            let status = StatusReport(
                revision: 1, bootHash: configuration.bootHash, liveHash: configuration.liveHash, items: [], guests: [], operational: true,
                agentVersion: "test", uptime: 20)
            #expect(try await server.call("POST", base + "/status", status, credential: grant.credential).status == 204)
            #expect(try await server.call("GET", base + "/configuration?after=1&wait=0", credential: grant.credential).status == 204)
            let detail = try site.fleet.hostDetail("h1")
            #expect(detail.summary.state == .operational && !detail.summary.drift)
            let events = try await site.fleet.timeline(of: "h1", boot: nil).events
            #expect(events.map(\.name).suffix(4) == ["claimed", "root-verified", "agent-started", "operational"])
            #expect(events.map(\.source).suffix(4) == [.configuration, .initrd, .agent, .agent])
        }
    }

    @Test("a claim repeated with its nonce gets the same answer; with another it is a conflict")
    func repeatedClaim() async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            site.powerOn(1)
            let first = try await server.call("POST", "/v1/claim", site.claim(1))
            let again = try await server.call("POST", "/v1/claim", site.claim(1))
            #expect(first.status == 200 && again.status == 200 && first.body == again.body)
            let other = try await server.call("POST", "/v1/claim", site.claim(1, nonce: "b"))
            #expect(other.status == 409)
            #expect(try other.decoded(APIProblem.self).code == "claim-taken")
        }
    }

    @Test("claims that are refused have their status and their name")
    func refusedClaims() async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            site.powerOn(1)
            site.powerOn(9)
            func refuses(_ status: Int, _ code: String, number: Int = 1, _ change: (inout BootClaim) -> Void) async throws {
                var claim = site.claim(number)
                change(&claim)
                let answer = try await server.call("POST", "/v1/claim", claim)
                #expect(answer.status == status)
                let found = try answer.decoded(APIProblem.self).code
                #expect(found == code)
            }
            try await refuses(400, "contract-too-old") { $0.contract = 0 }
            try await refuses(400, "malformed-claim") { $0.nonce = "x" }
            try await refuses(403, "claim-mismatch") { $0.macs = [TestSite.hardwareAddress(2)] }
            try await refuses(403, "host-not-accepted", number: 9) { _ in }
            try await refuses(404, "unknown-host") { ($0.boot, $0.macs) = ("b-aaaaaaaaaaaaaaaa", [TestSite.hardwareAddress(200)]) }
        }
    }

    static let otherCredentials =
        [
            ("none", nil), ("empty", ""), ("rubbish", "bennu1.x"), ("another boot's", "other"), ("forged", "forged"),
        ] as [(String, String?)]

    @Test("without the credential of this boot nothing is answered or taken", arguments: otherCredentials)
    func credentials(name: String, kind: String?) async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            let (first, second) = (try await server.claim(1), try await server.claim(2))
            let credential: String? =
                switch kind {
                case "other": second.credential
                case "forged": first.credential.dropLast(2) + (first.credential.hasSuffix("00") ? "01" : "00")
                default: kind
                }
            let body = Data("{}".utf8)
            for (method, path) in [("GET", "configuration"), ("POST", "events"), ("PUT", "inventory"), ("POST", "status")] {
                let answer = try await server.send(
                    method, "/v1/boots/\(first.boot)/\(path)", method == "GET" ? nil : body, credential: credential)
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(try answer.decoded(APIProblem.self).code == (kind == "other" ? "other-boot" : "bad-credential"))
            }
        }
    }

    @Test("the credential of a boot that another followed is gone")
    func superseded() async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            let old = try await server.claim(1)
            site.clock.advance(1000)
            let new = try await server.claim(1, nonce: "b")
            #expect(old.boot != new.boot && old.host == new.host && old.machineID == new.machineID)
            let answer = try await server.call("GET", "/v1/boots/\(old.boot)/configuration", credential: old.credential)
            #expect(answer.status == 410)
            #expect(try answer.decoded(APIProblem.self).code == "boot-superseded")
            #expect(try await server.call("GET", "/v1/boots/\(new.boot)/configuration", credential: new.credential).status == 200)
            try await site.fleet.removeHost("h1")
            let removed = try await server.call("GET", "/v1/boots/\(new.boot)/configuration", credential: new.credential)
            #expect(removed.status == 404)
        }
    }

    @Test("a question that waits is answered when the documents change")
    func longPoll() async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            let grant = try await server.claim(1)
            let base = "/v1/boots/\(grant.boot)"
            let status = site.status(of: 1, revision: 1)
            #expect(try await server.call("POST", base + "/status", status, credential: grant.credential).status == 204)
            async let answer = server.call("GET", base + "/configuration?after=1&wait=50", credential: grant.credential)
            try await site.apply(SiteText.host(1, "hostName: new\n  profiles: [base]"))
            let envelope = try await answer.decoded(SignedEnvelope.self)
            let payload = try #require(Data(base64Encoded: envelope.payload))
            #expect(try JSONDecoder().decode(HostConfiguration.self, from: payload).settings.hostName == "new")
        }
    }

    struct OddBody: Sendable, CustomTestStringConvertible {
        var (testDescription, body, status, code): (String, String, Int, String)
    }

    static let oddBodies = [
        ("no JSON", "{", 400, "malformed-body"), ("empty", "", 400, "malformed-body"), ("another type", "[1]", 400, "malformed-body"),
        ("a field of another type", #"{"events": [{"name": 1}]}"#, 400, "malformed-body"),
        ("deep", String(repeating: "[", count: 100_000), 400, "malformed-body"),
        ("a number that no integer holds", #"{"events": 1e999}"#, 400, "malformed-body"),
        ("one byte too many", String(repeating: " ", count: (192 << 10) + 1), 413, "body-too-large"),
    ].map(OddBody.init)

    @Test("bodies that are no report are refused by name, and the server goes on", arguments: oddBodies)
    func bodies(_ odd: OddBody) async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            let grant = try await server.claim(1)
            for (method, path) in [("POST", "/v1/claim"), ("POST", "/v1/boots/\(grant.boot)/events"), ("PUT", "/v1/boots/\(grant.boot)/inventory")] {
                let answer = try await server.send(method, path, Data(odd.body.utf8), credential: grant.credential)
                #expect(answer.status == odd.status, "\(method) \(path)")
                #expect(try answer.decoded(APIProblem.self).code == odd.code)
            }
            #expect(try await server.call("GET", "/v1/boots/\(grant.boot)/configuration", credential: grant.credential).status == 200)
        }
    }

    @Test("what an agent says is cut to a line that fits into a timeline")
    func longEvents() async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            let grant = try await server.claim(1)
            let before = try await site.fleet.timeline(of: "h1", boot: nil).events.count
            let event = ProgressReport.Event(name: String(repeating: "n", count: 65), detail: String(repeating: "d", count: 1001))
            let report = ProgressReport(events: Array(repeating: event, count: 101))
            #expect(try await server.call("POST", "/v1/boots/\(grant.boot)/events", report, credential: grant.credential).status == 204)
            let events = try await site.fleet.timeline(of: "h1", boot: nil).events
            #expect(events.count == before + 100)
            #expect(events.last?.name.count == 64 && events.last?.detail.count == 1000)
        }
    }

    @Test("paths that are none are not found", arguments: ["/", "/v1", "/v1/claims", "/v1/boots/x", "/v1/boots/../../etc/passwd"])
    func paths(path: String) async throws {
        let site = try await site()
        try await RunningConfigurationServer.with(site) { server in
            let answer = try await server.call("GET", path)
            #expect(answer.status == 404)
        }
    }
}
