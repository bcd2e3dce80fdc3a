import Fleet
import FleetFixtures
import FleetModel
import Foundation
import HostContract
import HostPower
import Journal
import Logging
import Primitives
import TestSupport
import Testing

@Suite("A host that hangs is started anew by the site's power command")
struct PowerKeeperTests {
    /// A power command that writes down how it was called.
    private func command(_ directory: TemporaryDirectory, ending: String = "exit 0") throws -> (PowerCommand, log: String) {
        let (program, log) = ("\(directory.path)/power", "\(directory.path)/calls")
        let text = "#!/bin/sh\necho \"$@ $BENNU_HOST_ID $BENNU_BOOT $BENNU_MAC\" >> \(log)\n\(ending)\n"
        try Data(text.utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        return (PowerCommand(program: program, limit: 20), log)
    }

    /// A site with one host whose kernel has all it needs, and says nothing.
    private func silentSite() async throws -> TestSite {
        let site = try await TestSite(SiteText.site())
        try await site.addImage()
        site.powerOn(1)
        let record = try #require(site.record(1))
        site.fleet.record(BootEvent(host: record.id, boot: record.boot?.id, time: 0, source: .http, name: "seal-sent"))
        return site
    }

    private func events(_ site: TestSite) async throws -> [String] {
        let host = try #require(site.record(1)).id
        await site.fleet.journal.flush()
        return try await site.fleet.journal.newest(host: host).map(\.name)
    }

    private func keep(_ site: TestSite, _ command: PowerCommand, until done: () async throws -> Bool) async throws {
        let keeper = PowerKeeper(
            fleet: site.fleet, command: command, patience: .seconds(900), pace: .milliseconds(20),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await keeper.run() }
        defer { task.cancel() }
        while try await !done() { try await Task.sleep(for: .milliseconds(20)) }
        // As often again as a second run would need.
        try await Task.sleep(for: .milliseconds(200))
    }

    private func calls(_ log: String) -> [String] {
        ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    @Test("once a boot, with who it is, and not before its time", .timeLimit(.minutes(2)))
    func reset() async throws {
        let site = try await silentSite()
        let (command, log) = try command(site.directory)
        #expect(site.fleet.stuckHosts(patience: 900_000).isEmpty)
        site.clock.advance(900_001)
        try await keep(site, command) { !calls(log).isEmpty }
        let record = try #require(site.record(1))
        let boot = try #require(record.boot)
        #expect(calls(log) == ["reset h1 \(record.id) \(boot.id) \(TestSite.hardwareAddress(1))"])
        #expect(try await events(site).count { $0 == "power-reset" } == 1)
    }

    @Test(
        "its patience begins with the last sign of life of the boot: a packet, a fetch, a question, a word of its own; not with one of another's",
        arguments: ["packet", "fetch", "claim", "event", "question", "operator", "other"])
    func lastSign(sign: String) async throws {
        let site = try await silentSite()
        let record = try #require(site.record(1))
        let boot = try #require(record.boot?.id)
        var credential: String?
        if sign == "event" || sign == "question" {
            credential = try await site.fleet.claim(site.claim(1)).credential
            site.fleet.record(BootEvent(host: record.id, boot: boot, time: 0, source: .initrd, name: "root-verified"))
        }
        site.clock.advance(600_000)
        var isSign = true
        switch sign {
        case "packet": _ = site.fleet.sight(Sighting(stage: .system, hardwareAddress: TestSite.hardwareAddress(1), uuid: nil))
        case "fetch": site.fleet.record(BootEvent(host: nil, boot: boot, time: 0, source: .http, name: "kernel-sent"))
        case "claim":
            _ = try await site.fleet.claim(site.claim(1))
            site.fleet.record(BootEvent(host: record.id, boot: boot, time: 0, source: .initrd, name: "root-verified"))
        case "event":
            let speaker = try site.fleet.authorize(credential, boot: boot.description)
            site.fleet.take(ProgressReport(events: [.init(name: "switching-root")]), from: speaker)
        case "question": _ = try site.fleet.authorize(credential, boot: boot.description)
        case "operator":
            isSign = false
            site.fleet.record(BootEvent(host: record.id, boot: boot, time: 0, source: .operator, name: "upgrade-ordered"))
        default:
            isSign = false
            site.powerOn(2)
        }
        site.clock.advance(400_000)
        #expect(site.fleet.stuckHosts(patience: 900_000).isEmpty == isSign)
        site.clock.advance(500_001)
        #expect(site.fleet.stuckHosts(patience: 900_000).first { $0.name == "h1" }?.silentFor == (isSign ? 900_001 : 1_500_001))
    }

    @Test("a command that fails is tried three times, and told of each time", .timeLimit(.minutes(2)))
    func failing() async throws {
        let site = try await silentSite()
        let (command, log) = try command(site.directory, ending: "echo no such switch >&2; exit 7")
        site.clock.advance(900_001)
        try await keep(site, command) { calls(log).count >= 3 }
        #expect(calls(log).count == 3)
        #expect(try await events(site).count { $0 == "power-failed" } == 3)
    }

    @Test(
        "only a boot that has all it needs, and of which nobody hears, is stuck",
        arguments: [
            (BootRecord.Kind.cold, BootRecord.Phase.kernel, [BootRecord.Step.loaded], true), (.cold, .kernel, [], false),
            (.cold, .loader, [.loaded], false), (.cold, .claimed, [.loaded], false), (.cold, .claimed, [.loaded, .rootVerified], true),
            (.kexec, .claimed, [], true), (.soft, .claimed, [], false), (.cold, .agent, [.loaded], false), (.cold, .operational, [.loaded], false),
        ])
    func stuck(kind: BootRecord.Kind, phase: BootRecord.Phase, steps: [BootRecord.Step], isStuck: Bool) {
        var generator = SystemRandomNumberGenerator()
        var boot = BootRecord(id: BootID(using: &generator), kind: kind, predecessor: nil, startedAt: 1_000)
        (boot.phase, boot.steps) = (phase, steps)
        #expect(boot.isStuck(hasRoot: true, now: 62_000, serving: 0, heard: nil, patience: 60_000) == isStuck)
        #expect(!boot.isStuck(hasRoot: true, now: 61_000, serving: 0, heard: nil, patience: 60_000), "not before its time")
        #expect(!boot.isStuck(hasRoot: true, now: 62_000, serving: 30_000, heard: nil, patience: 60_000), "servers that were away heard nothing")
        #expect(!boot.isStuck(hasRoot: true, now: 62_000, serving: 0, heard: 2_000, patience: 60_000), "it was heard a minute ago")
    }
}
