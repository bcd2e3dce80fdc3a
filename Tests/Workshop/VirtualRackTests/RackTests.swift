import Glibc
import Testing

@testable import VirtualRack

/// Real racks: namespaces, taps and QEMU. They need root, and fail where QEMU or iproute2 is not installed.
@Suite(.serialized, .enabled(if: TestPlace.canMakeRacks, "needs root and /dev/net/tun"))
struct RackTests {
    private func expectNothing(of rack: Rack, _ location: SourceLocation = #_sourceLocation) {
        #expect(!SmallFile.exists(rack.namespacePath), sourceLocation: location)
        #expect(!SmallFile.exists(rack.stateDirectory), sourceLocation: location)
        #expect(ProcessTable.hypervisors(marked: rack.name.markerPrefix).isEmpty, sourceLocation: location)
    }

    /// Makes a rack, runs the test, and removes the rack whatever happened.
    private func with(_ plan: RackPlan, _ test: (Rack) async throws -> Void) async throws {
        let rack = try await Rack.up(plan)
        do {
            try await test(rack)
        } catch {
            try await rack.down()
            throw error
        }
        try await rack.down()
        expectNothing(of: rack)
    }

    @Test("Hosts start their firmware, are reset, power cycled and switched off, and go without a trace")
    func life() async throws {
        var plan = TestPlace.plan()
        plan.hosts = 2
        plan.interfaces = 2
        plan.diskBytes = 1 << 30
        plan.powersOn = true
        try await with(plan) { rack in
            #expect(try rack.hosts().map(\.host.name) == ["h1", "h2"])
            #expect(try rack.hosts().compactMap(\.process).count == 2)
            #expect(try await rack.serialLog("h2", contains: "iPXE", within: .seconds(120)))
            #expect(try rack.cpuSeconds("h2") > 0)

            // A reset is the same process; its firmware speaks again to a console that was there before.
            let before = try rack.hosts()[0].process
            let console = try rack.console("h1", timeLimit: .seconds(120))
            #expect(try await rack.power(.reset, "h1") == ["h1"])
            var seen: [UInt8] = []
            while !seen.contains("SeaBIOS".utf8) {
                let bytes = try console.read()
                try #require(!bytes.isEmpty)
                seen += bytes
            }
            #expect(try rack.hosts()[0].process == before)

            #expect(try await rack.power(.cycle, "h1") == ["h1"])
            #expect(try rack.hosts()[0].process != before)
            #expect(try rack.hosts()[0].process != nil)

            #expect(try await rack.power(.off, "all") == ["h1", "h2"])
            #expect(try rack.hosts().compactMap(\.process).isEmpty)
            #expect(throws: RackError.poweredOff("h1")) { try rack.cpuSeconds("h1") }
            #expect(throws: RackError.poweredOff("h1")) { try rack.console("h1") }
            await #expect(throws: RackError.poweredOff("h1")) { try await rack.power(.reset, "h1") }
            await #expect(throws: RackError.unknownHost("h3", rack.name, hosts: ["h1", "h2"])) { try await rack.power(.on, "h3") }
            // The log outlives the power.
            #expect(try await rack.serialLog("h1", contains: "SeaBIOS", within: .zero))
        }
    }

    @Test("UEFI firmware starts from flash", arguments: [Firmware.uefi, .uefiHTTP])
    func uefi(_ firmware: Firmware) async throws {
        var plan = TestPlace.plan()
        plan.firmware = firmware
        plan.memoryMebibytes = 256
        plan.powersOn = true
        try await with(plan) { rack in
            let attempt = firmware == .uefi ? "Start PXE over IPv4" : "Start HTTP Boot over IPv4"
            let attempted = try await rack.serialLog("h1", contains: attempt, within: .seconds(180))
            #expect(attempted)
        }
    }

    @Test("A rack whose QEMU was killed and whose state is lost is still found and removed")
    func crash() async throws {
        var plan = TestPlace.plan()
        plan.hosts = 2
        plan.powersOn = true
        let rack = try await Rack.up(plan)
        let processes = try rack.hosts().compactMap(\.process)
        #expect(processes.count == 2)
        kill(processes[0].pid, SIGKILL)
        unlink("\(rack.directory)/rack.json")
        #expect(throws: RackError.noRack(rack.name, stateDirectory: rack.stateDirectory)) { try rack.hosts() }
        try await rack.down()
        expectNothing(of: rack)
        #expect(processes.allSatisfy { !ProcessTable.isRunning($0) })
        // Where there is nothing, there is nothing to do.
        try await rack.down()
        expectNothing(of: rack)
    }

    @Test("What an interrupted `up` left is removed by the next one")
    func interrupted() async throws {
        let plan = TestPlace.plan()
        let rack = Rack(name: plan.name, stateDirectory: plan.stateDirectory)
        // As far as an `up` comes that is killed between its steps.
        try SmallFile.makeDirectory("\(rack.directory)/h9")
        try rack.save(RackRecord(plan, accelerator: .tcg, bootIdentifier: Rack.bootIdentifier()))
        try await Command.succeed(["ip", "netns", "add", rack.name.namespace])
        #expect(!rack.isUp)
        await #expect(throws: RackError.incomplete(rack.name)) { try await rack.power(.on, "h1") }
        try await with(plan) { rack in
            #expect(rack.isUp)
            #expect(!SmallFile.exists("\(rack.directory)/h9"))
        }
    }

    @Test("A computer that was restarted has no rack, whatever the file says")
    func restarted() async throws {
        let plan = TestPlace.plan()
        try await with(plan) { rack in
            var record = try rack.record()
            record.bootIdentifier = "another"
            try rack.save(record)
            #expect(!rack.isUp)
            try await Rack.up(plan)
            #expect(rack.isUp)
        }
    }

    @Test("A name is used once, also from another state directory; other names stand beside it")
    func names() async throws {
        let plan = TestPlace.plan()
        try await with(plan) { rack in
            await #expect(throws: RackError.alreadyUp(rack.name)) { try await Rack.up(plan) }
            var other = plan
            other.stateDirectory = TestPlace.path()
            let refusal = RackError.elsewhere(rack.name, stateDirectory: rack.stateDirectory)
            await #expect(throws: refusal) { try await Rack.up(other) }
            await #expect(throws: refusal) { try await Rack(name: other.name, stateDirectory: other.stateDirectory).down() }
            #expect(!SmallFile.exists(other.stateDirectory))

            var beside = TestPlace.plan()
            beside.stateDirectory = plan.stateDirectory
            let second = try await Rack.up(beside)
            #expect(StateDirectory.racks(in: plan.stateDirectory) == [rack.name, second.name].sorted { $0.description < $1.description })
            try await second.down()
            #expect(rack.isUp)
        }
    }

    @Test("A command runs in the rack's network, and `down` ends what it left there")
    func namespace() async throws {
        try await with(TestPlace.plan()) { rack in
            let shown = try await rack.run(inNamespace: ["ip", "-brief", "address", "show", "dev", "rack0"])
            #expect(shown.exitCode == 0)
            #expect(shown.standardOutput.contains("10.77.0.1/24"))
            #expect(!shown.standardOutput.contains("fe80"))
            #expect(try await rack.run(inNamespace: ["sh", "-c", "exit 7"]).exitCode == 7)
            #expect(try await rack.run(inNamespace: ["cat"], input: "through").standardOutput == "through")
            // Started in the background, as a server would be, and forgotten.
            let left = try await rack.run(inNamespace: ["sh", "-c", "sleep 600 >/dev/null 2>&1 </dev/null & echo $!"])
            let pid = try #require(Int32(left.standardOutput.trimmed))
            let process = try #require(ProcessTable.status(pid)).identity
            #expect(ProcessTable.processes(inNamespace: rack.namespacePath).contains(process))
            try await rack.down()
            #expect(!ProcessTable.isRunning(process))
        }
    }

    @Test("A stranger's process that has a recorded pid is not touched")
    func stranger() async throws {
        try await with(TestPlace.plan()) { rack in
            let left = try await Command.succeed(["sh", "-c", "sleep 600 >/dev/null 2>&1 </dev/null & echo $!"])
            let pid = try #require(Int32(left.trimmed))
            let stranger = try #require(ProcessTable.status(pid)).identity
            defer { kill(pid, SIGKILL) }
            var record = try rack.record()
            record.hosts[0].process = stranger
            try rack.save(record)
            #expect(try rack.hosts()[0].process == nil)
            try await rack.power(.off, "h1")
            try await rack.down()
            #expect(ProcessTable.isRunning(stranger))
        }
    }

    @Test("The probe's boot sector runs where an accelerator works")
    func probe() async throws {
        let place = TestPlace.path()
        try SmallFile.makeDirectory(place)
        #expect(await AcceleratorProbe.works(.tcg, scratch: place, processors: 2))
        for file in ["probe.img", "probe.out"] { unlink("\(place)/\(file)") }
        rmdir(place)
    }
}
