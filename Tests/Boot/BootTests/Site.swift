import FleetModel
import FoundationEssentials
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import Synchronization
import TestSupport
import VirtualRack

/// A running site: a rack of virtual hosts with real firmware, powered off, and `bennu serve` as a process of its own in the rack's network.
/// What the servers said and what the hosts' screens showed is in `out/boot-tests/<name>` afterwards.
final class Site: Sendable {
    let rack: Rack
    let client: OperatorClient
    private let directory: TemporaryDirectory
    private let directoryOfEvidence: String
    private let server: Mutex<ServerProcess?>
    private let moreArguments = Mutex<[String]>([])

    var data: String { "\(directory.path)/data" }
    var key: String { "\(directory.path)/key" }
    var socket: String { "\(directory.path)/operator.sock" }

    /// Sets a site up with the demo's subnet and profiles, and takes everything down again whatever happens.
    static func with(
        _ name: String, hosts: Int = 1, firmware: Firmware = .bios, memoryMebibytes: Int = 3072, processors: Int = 2, nodes: Int = 1,
        diskBytes: Int64? = nil, hasTPM: Bool = false, isolation: isolated (any Actor)? = #isolation, _ body: (Site) async throws -> Void
    ) async throws {
        var plan = RackPlan()
        plan.name = try RackName("bt-\(ProcessInfo.processInfo.processIdentifier)-\(name)").unwrapped("a rack's name")
        (plan.hosts, plan.firmware, plan.powersOn, plan.hasTPM) = (hosts, firmware, false, hasTPM)
        (plan.memoryMebibytes, plan.processors, plan.nodes, plan.diskBytes) = (memoryMebibytes, processors, nodes, diskBytes)
        let site = try Site(name: name, rack: try await Rack.up(plan))
        do {
            try await site.start()
            try await site.prepare()
            try await body(site)
            await site.close()
        } catch {
            await site.close()
            throw error
        }
    }

    private init(name: String, rack: Rack) throws {
        self.rack = rack
        directory = try TemporaryDirectory()
        client = OperatorClient(socketPath: "\(directory.path)/operator.sock")
        directoryOfEvidence = "\(BootEnvironment.root)/out/boot-tests/\(name)"
        server = Mutex(nil)
        try? FileManager.default.removeItem(atPath: directoryOfEvidence)
        try FileManager.default.createDirectory(atPath: directoryOfEvidence, withIntermediateDirectories: true)
    }

    /// Starts the servers over whatever is in the data directory, and waits until they answer.
    func start() async throws {
        let command = rack.namespaceCommand(
            [try BootEnvironment.program, "serve", "--data", data, "--interface", "rack0", "--socket", socket, "--site", "test"]
                + moreArguments.withLock { $0 })
        let process = try ServerProcess(command, log: evidence("serve.log"))
        server.withLock { $0 = process }
        try await eventually("the servers answer", within: .seconds(60)) {
            guard process.isRunning else { throw Unmet("bennu serve ended: \(Self.text(at: self.evidence("serve.log")))") }
            return try? await self.client.get(ServerStatus.self, "/v1/status")
        }
    }

    /// As a power cut does it: no signal that could be handled.
    func killServers() throws {
        try server.withLock { $0 }.unwrapped("running servers").kill()
    }

    /// An operator's key, and the documents that the demo has.
    private func prepare() async throws {
        _ = try await rack.run(inNamespace: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", key]).checked()
        let publicKey = Self.text(at: "\(key).pub").split(separator: "\n").joined()
        let operators = """
            apiVersion: bennu/v1
            kind: Profile
            metadata:
              name: operators
            spec:
              authorizedKeys: ["\(publicKey)"]
            """
        try await apply(Self.example("10-network.yaml"), Self.example("20-profile.yaml"), operators)
    }

    /// From now on hosts that hang are started anew by the rack's own power switch.
    func usePowerSwitch(patience: Int) async throws {
        let script = "\(directory.path)/power"
        let text = "#!/bin/sh\nexec \(try BootEnvironment.program) rack power --name \(rack.name) \"$2\" \"$1\"\n"
        try Data(text.utf8).write(to: URL(filePath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        moreArguments.withLock { $0 = ["--power-command", script, "--power-patience", "\(patience)"] }
        try killServers()
        try await start()
    }

    /// In a task of its own, because the test's may have been cancelled by its time limit.
    private func close() async {
        await Task {
            for host in (try? rack.hosts()) ?? [] {
                try? FileManager.default.copyItem(atPath: try rack.serialLog(host.host.name), toPath: evidence("\(host.host.name)-screen.log"))
                let events = (try? await timeline(of: host.host.hardwareAddresses.first?.description ?? host.host.name)) ?? []
                let lines = events.map { "\($0.time) \($0.source.rawValue) \($0.name) \($0.detail)\n" }.joined()
                try? Data(lines.utf8).write(to: URL(filePath: evidence("\(host.host.name)-timeline.txt")))
            }
            server.withLock { $0 }?.kill()
            try? await rack.down()
        }.value
    }

    /// Path of a file that outlives the test.
    func evidence(_ name: String) -> String { "\(directoryOfEvidence)/\(name)" }

    static func example(_ name: String) -> String { text(at: "\(BootEnvironment.root)/Examples/demo/\(name)") }

    static func text(at path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
