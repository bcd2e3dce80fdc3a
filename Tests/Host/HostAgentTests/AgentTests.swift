import Crypto
import FoundationEssentials
import HostAgent
import HostContract
import NIOPosix
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct AgentTests {
    /// One site, one host that boots, and what its server says at the moment.
    final class Site: Sendable {
        let key = Curve25519.Signing.PrivateKey()
        let host: TemporaryRoot
        /// Revision and body of the configuration on offer.
        let offer = Mutex<(revision: UInt64, body: [UInt8])>((0, []))
        let acceptsCredential = Mutex<Bool>(true)
        /// True while questions for the configuration find the server out of order, and all others do not.
        let withholdsConfiguration = Mutex<Bool>(false)
        let grant = ClaimGrant(host: "h-1", boot: "b-1", credential: "secret", machineID: "112233445566778899aabbccddeeff00")

        init() throws {
            host = try TemporaryRoot()
            try host.put("/proc/uptime", "1.00 1.00\n")
            try host.put("/proc/sys/kernel/hostname", "localhost\n")
            try host.put("/dev/console", "")
            try host.program("/usr/bin/systemctl")
            try host.put("/run/bennu/site.pub", Hexadecimal.encode(key.publicKey.rawRepresentation) + "\n")
            try host.put("/test.xml", "<node></node>")
        }

        func configuration(_ revision: UInt64, _ settings: HostSettings, host: String = "h-1", boot: String = "b-1", nonce: String = "n-1")
            -> HostConfiguration
        {
            HostConfiguration(
                site: "s", host: host, boot: boot, nonce: nonce, revision: revision, settings: settings, bootHash: "boot", liveHash: "live")
        }

        func publish(_ configuration: HostConfiguration) throws {
            let body = try VerifierTests.envelope(configuration, by: key)
            offer.withLock { $0 = (configuration.revision, body) }
        }

        func serve(port: Int = 0) async throws -> StandInServer {
            let grant = try Array(JSONEncoder().encode(grant))
            return try await StandInServer(port: port) { [self] request in
                if request.path == "/v1/claim" {
                    acceptsCredential.withLock { $0 = true }
                    return .init(status: 200, body: grant)
                }
                guard request.credential == "Bearer secret", acceptsCredential.withLock({ $0 }) else {
                    return .init(status: 401, body: Array(#"{"code":"not-authorized","message":"m"}"#.utf8))
                }
                guard request.path == "/v1/boots/b-1/configuration" else { return .done }
                if withholdsConfiguration.withLock({ $0 }) { return .init(status: 503) }
                let offer = offer.withLock { $0 }
                let after = request.query.split(separator: "&").first.flatMap { UInt64($0.dropFirst(6)) } ?? 0
                return offer.body.isEmpty || offer.revision == after ? .done : .init(status: 200, body: offer.body)
            }
        }

        /// Leaves what the initrd would.
        func handOver(_ server: ServerAddress, withClaim: Bool = true) throws {
            try host.put(
                "/run/bennu/boot.json", #"{"server":"\#(server)","boot":"b-1","nonce":"n-1","mac":"52:54:00:00:00:01","interface":"ens3"}"#)
            if withClaim { try BootHandover.keep(grant, in: host.root) }
        }

        /// Runs an agent while `body` does.
        func withAgent(_ body: () async throws -> Void) async throws {
            var pace = AgentPace()
            pace.retry = Backoff(from: .milliseconds(2), to: .milliseconds(20))
            pace.heartbeat = .milliseconds(50)
            let agent = Agent(
                root: host.root, libvirtURI: "test://\(host.directory)/test.xml", group: MultiThreadedEventLoopGroup.singleton,
                log: .silent, pace: pace)
            let task = Task { try await agent.run() }  // ended and awaited below
            let outcome = await Result { try await body() }
            task.cancel()
            _ = await task.result
            try outcome.get()
        }
    }

    private static let guest = Guest(
        name: "web", uuid: UniversalUniqueIdentifier(high: 1, low: 2), memoryMiB: 16, vcpus: 1, placement: .init(host: "h-1", generation: 1)
    )

    @Test("a host reports its inventory, becomes operational with its guest running, and applies a change without a restart")
    func becomesOperational() async throws {
        let site = try Site()
        let server = try await site.serve()
        try site.handOver(server.address)
        try site.publish(site.configuration(4, HostSettings(hostName: "kvm-1", guests: [Self.guest])))
        try await site.withAgent {
            var seen: Set<String> = []
            let status = await server.first { request -> StatusReport? in
                seen.insert("\(request.method) \(request.path)")
                return request.decoded(StatusReport.self).flatMap { $0.operational ? $0 : nil }
            }
            let report = try #require(status)
            #expect(report.revision == 4 && report.bootHash == "boot" && report.liveHash == "live")
            #expect(Set(report.items.map { "\($0.item)" }) == ["host-name/kvm-1", "guest/web"])
            #expect(report.guests == [GuestStatus(name: "web", state: "running", memory: .ordinary, memoryBytes: 16 << 20)])
            #expect(seen.isSuperset(of: ["PUT /v1/boots/b-1/inventory", "GET /v1/boots/b-1/configuration", "POST /v1/boots/b-1/events"]))
            #expect(try site.host.text("/etc/hostname") == "kvm-1\n")

            var next = site.configuration(5, HostSettings(hostName: "kvm-2"))
            (next.bootHash, next.liveHash) = ("another boot", "another live")
            try site.publish(next)
            let changed = await server.first { request in
                request.decoded(StatusReport.self).flatMap { $0.revision == 5 && $0.operational ? $0 : nil }
            }
            #expect(changed?.guests == [])
            // The live part is in force; the restart-only part is still what this boot began with.
            #expect(changed?.liveHash == "another live" && changed?.bootHash == "boot")
            #expect(try site.host.text("/etc/hostname") == "kvm-2\n")
        }
        let console = try #require(try site.host.text("/dev/console"))
        for mark in ["bennu: agent started at ", "bennu: configuration in force, revision 4 at ", "bennu: operational at "] {
            #expect(console.contains(mark), "\(console)")
        }
        #expect(try site.host.text(LibvirtIdentity.file)?.contains("11223344-5566-7788-99aa-bbccddeeff00") == true)
        try await server.close()
    }

    @Test(
        "what a rogue server says is refused by its name and reported, nothing of it is applied, and the site's own configuration still is",
        arguments: ConfigurationRefusal.allCases)
    func rogueServer(refusal: ConfigurationRefusal) async throws {
        let site = try Site()
        let bad = HostSettings(hostName: "owned", files: [File(path: "/etc/owned", content: "x")])
        let good = site.configuration(9, HostSettings(hostName: "kvm-1"))
        let server = try await site.serve()
        try site.handOver(server.address)
        switch refusal {
        case .wrongSignature:
            let body = try VerifierTests.envelope(site.configuration(8, bad), by: Curve25519.Signing.PrivateKey())
            site.offer.withLock { $0 = (8, body) }
        case .otherHost: try site.publish(site.configuration(8, bad, host: "h-2"))
        case .otherBoot: try site.publish(site.configuration(8, bad, boot: "b-0"))
        case .otherNonce: try site.publish(site.configuration(8, bad, nonce: "n-0"))
        case .olderRevision: try site.publish(good)
        case .unknownContract:
            var later = site.configuration(8, bad)
            later.contract = ContractVersion.current + 1
            try site.publish(later)
        case .malformed: site.offer.withLock { $0 = (8, Array("<html>".utf8)) }
        }
        try await site.withAgent {
            if refusal == .olderRevision {
                _ = await server.first { request in request.decoded(StatusReport.self)?.revision == 9 ? true : nil }
                try site.publish(site.configuration(8, bad))
            }
            let event = await server.first { request in
                request.decoded(ProgressReport.self)?.events.first { $0.name == "configuration-refused" }
            }
            #expect(event?.detail?.hasPrefix(refusal.rawValue) == true, "\(String(describing: event))")
            #expect(!site.host.root.exists("/etc/owned"))
            try site.publish(site.configuration(10, HostSettings(hostName: "kvm-1")))
            let status = await server.first { request in request.decoded(StatusReport.self).flatMap { $0.revision == 10 ? $0 : nil } }
            #expect(status?.operational == true)
            #expect(try site.host.text("/etc/hostname") == "kvm-1\n")
            #expect(!site.host.root.exists("/etc/owned"))
        }
        try await server.close()
    }

    @Test("a guest that cannot be renewed is given up with the reason, once, and the host stays operational")
    func renewal() async throws {
        let site = try Site()
        let server = try await site.serve()
        try site.handOver(server.address)
        var configuration = site.configuration(2, HostSettings(hostName: "kvm-1"))
        configuration.renewal = GuestRenewal(id: "o-1", guest: "nobody")
        try site.publish(configuration)
        try await site.withAgent {
            let status = await server.first { request in request.decoded(StatusReport.self).flatMap { $0.renewal == nil ? nil : $0 } }
            #expect(status?.renewal?.order == "o-1" && status?.renewal?.pause == nil)
            #expect(status?.renewal?.failure?.contains("guest nobody does not run") == true, "\(String(describing: status?.renewal))")
            configuration.renewal = nil
            configuration.revision = 3
            try site.publish(configuration)
            let next = await server.first { request in request.decoded(StatusReport.self).flatMap { $0.revision == 3 ? $0 : nil } }
            #expect(next?.operational == true)
        }
        try await server.close()
    }

    @Test("with the server away the agent goes on asking, and the host is operational when it is back")
    func serverAway() async throws {
        let site = try Site()
        let first = try await site.serve()
        let address = first.address
        try await first.close()
        try site.handOver(address)
        try site.publish(site.configuration(1, HostSettings(hostName: "kvm-1")))
        try await site.withAgent {
            // The agent is up, and has nobody to talk to, when its mark is on the console.
            while try site.host.text("/dev/console")?.contains("agent started") != true { await Task.yield() }
            let second = try await site.serve(port: address.port)
            let status = await second.first { request in request.decoded(StatusReport.self).flatMap { $0.operational ? $0 : nil } }
            #expect(status?.revision == 1)
            try await second.close()
            // Away again: what is in force stays, and a third server hears of it.
            let third = try await site.serve(port: address.port)
            let again = await third.first { request in request.decoded(StatusReport.self).flatMap { $0.operational ? $0 : nil } }
            #expect(again?.revision == 1)
            try await third.close()
        }
    }

    @Test("without a claim of the initrd the agent claims with the same nonce, and again when its credential is not taken any more")
    func claims() async throws {
        let site = try Site()
        let server = try await site.serve()
        try site.handOver(server.address, withClaim: false)
        try await site.withAgent {
            let claim = await server.first { $0.path == "/v1/claim" ? $0.decoded(BootClaim.self) : nil }
            #expect(claim?.nonce == "n-1" && claim?.boot == "b-1")
            site.acceptsCredential.withLock { $0 = false }
            // Only another claim makes the server take it again.
            while !site.acceptsCredential.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(BootHandover.grant(from: site.host.root) == site.grant)
        #expect(site.host.root.mode(BootHandover.claimFile) == 0o600)
        try await server.close()
    }

    @Test("an agent that starts anew while the server is away keeps the configuration in force, and starts no guest by it")
    func restartsAlone() async throws {
        let site = try Site()
        let server = try await site.serve()
        try site.handOver(server.address)
        try site.publish(site.configuration(3, HostSettings(files: [File(path: "/etc/motd", content: "m")])))
        try await site.withAgent {
            _ = await server.first { request in request.decoded(StatusReport.self)?.operational == true ? true : nil }
        }
        try await server.close()
        // As the last agent kept it, but with a guest: this one has not heard from the server.
        let kept = try VerifierTests.envelope(
            site.configuration(3, HostSettings(files: [File(path: "/etc/motd", content: "m")], guests: [Self.guest])), by: site.key)
        try site.host.root.write("/run/bennu/agent/configuration.json", kept)
        try site.host.root.remove("/etc/motd")
        try await site.withAgent {
            while !site.host.root.exists("/etc/motd") { await Task.yield() }
            site.offer.withLock { $0.body = [] }
            site.withholdsConfiguration.withLock { $0 = true }
            let third = try await site.serve(port: server.address.port)
            let status = await third.first { request in request.decoded(StatusReport.self).flatMap { $0.revision == 3 ? $0 : nil } }
            let item = try #require(status?.items.first { $0.item.kind == "guest" })
            #expect(item.state == .failed && item.detail.hasPrefix("not started"), "\(item)")
            site.withholdsConfiguration.withLock { $0 = false }
            // Confirmed by an answer that has nothing newer, it starts.
            let running = await third.first { request in request.decoded(StatusReport.self).flatMap { $0.operational ? $0 : nil } }
            #expect(running?.guests.map(\.state) == ["running"])
            try await third.close()
        }
    }

    @Test(
        "a handover that says something else than it should is named",
        arguments: [
            (#"{"server":"http://host.example:1","boot":"b","nonce":"n"}"#, HostFailure.Kind.unreadable), ("{", .unreadable),
            (#"{"server":"http://1.2.3.4:1","boot":"../x","nonce":"n"}"#, .unreadable),
            (#"{"server":"http://1.2.3.4:99999","boot":"b","nonce":"n"}"#, .unreadable),
        ])
    func handover(text: String, kind: HostFailure.Kind) throws {
        let host = try TemporaryRoot()
        #expect(throws: HostFailure(.missing, "/run/bennu/boot.json is not there: this system was not started by Bennu's initrd")) {
            try BootHandover.load(from: host.root)
        }
        try host.put("/run/bennu/boot.json", text)
        try host.put("/run/bennu/site.pub", String(repeating: "ab", count: 32))
        let failure = #expect(throws: HostFailure.self) { try BootHandover.load(from: host.root) }
        #expect(failure?.kind == kind)
    }

    @Test("waiting doubles up to its limit, at least half of it for sure")
    func backoff() {
        var backoff = Backoff()
        var generator = SystemRandomNumberGenerator()
        for expected in [1, 2, 4, 8, 16, 30, 30] {
            let pause = backoff.next(using: &generator)
            #expect(pause >= .seconds(expected) / 2 && pause <= .seconds(expected))
        }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .seconds(1))
    }
}

extension Result where Failure == any Error {
    /// What `body` came to.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
