import FoundationEssentials
import Glibc

/// A rack of virtual hosts on this computer: a network namespace with a bridge, and one QEMU a host. Nothing of it is held by this
/// process: a `Rack` is a name and a place to look, and any process may go on with what another one began.
package struct Rack: Sendable {
    package let name: RackName
    package let stateDirectory: String

    package init(name: RackName = .standard, stateDirectory: String = StateDirectory.standard) {
        self.name = name
        self.stateDirectory = stateDirectory
    }

    /// Makes the rack, first removing what an interrupted one of the same name left. If anything fails, nothing stays.
    ///
    /// Refuses with `badPlan`, `missing`, `socketPathTooLong`, `alreadyUp`, `elsewhere` or `busy` before it has changed anything.
    @discardableResult
    package static func up(_ plan: RackPlan) async throws(RackError) -> Rack {
        let rack = Rack(name: plan.name, stateDirectory: plan.stateDirectory)
        guard plan.problems.isEmpty else { throw .badPlan(plan.problems) }
        let longest = rack.files(of: "h\(plan.hosts)").monitor
        guard longest.utf8.count <= LocalSocket.longestPath else { throw .socketPathTooLong(longest) }
        let missing = Preflight.missing(for: plan)
        guard missing.isEmpty else { throw .missing(missing) }

        let lock = try await RackLock.take(plan.name, in: plan.stateDirectory)
        do throws(RackError) {
            try await rack.refuseElsewhere()
            if rack.isUp { throw .alreadyUp(plan.name) }
        } catch {
            lock.releaseKeepingNothing(beside: rack.directory)
            throw error
        }
        do throws(RackError) {
            try await rack.dismantle()
            try await rack.make(plan)
        } catch {
            try? await rack.dismantle()
            lock.releaseKeepingNothing(beside: rack.directory)
            throw error
        }
        lock.release()
        return rack
    }

    private func make(_ plan: RackPlan) async throws(RackError) {
        try SmallFile.makeDirectory(directory)
        // Before anything else exists, so that whatever happens next can be told from a stranger's.
        var record = RackRecord(plan, accelerator: plan.accelerator ?? .tcg, bootIdentifier: Self.bootIdentifier())
        try save(record)
        if plan.accelerator == nil {
            record.accelerator = await AcceleratorProbe.choose(scratch: directory, plan: plan)
            for file in ["probe.img", "probe.out"] { unlink("\(directory)/\(file)") }
        }
        try await makeNetwork(record)
        for host in record.hosts { try prepare(host) }
        record.phase = .up
        try save(record)
        if plan.powersOn { for host in record.hosts { try await start(host.name) } }
    }

    /// Removes the rack, or whatever is left of one, or nothing: ends its QEMUs and everything else that runs in its namespace (but not
    /// this process), deletes namespace, bridge, taps and files. Works without `rack.json`, and after a crash or a restart of the computer.
    package func down() async throws(RackError) {
        let lock = try await RackLock.take(name, in: stateDirectory)
        do throws(RackError) {
            try await refuseElsewhere()
            try await dismantle()
        } catch {
            lock.releaseKeepingNothing(beside: directory)
            throw error
        }
        lock.releaseKeepingNothing(beside: directory)
    }

    func dismantle() async throws(RackError) {
        let own = ProcessTable.ownLineage()
        let hypervisors = Array(ProcessTable.hypervisors(marked: name.markerPrefix).values)
        try await ProcessTable.end(hypervisors, patience: .seconds(3))
        let others = ProcessTable.processes(inNamespace: namespacePath).filter { !own.contains($0.pid) }
        try await ProcessTable.end(others, patience: .seconds(5))
        try await removeNetwork()
        do {
            if SmallFile.exists(directory) { try FileManager.default.removeItem(atPath: directory) }
        } catch {
            throw .file(path: directory, operation: "remove", code: errno)
        }
    }

    /// The firmware's variables and the disk.
    private func prepare(_ host: VirtualHost) throws(RackError) {
        let files = files(of: host.name)
        try SmallFile.makeDirectory(files.directory)
        try SmallFile.replace(files.serialLog, with: [])
        if let bytes = host.diskBytes { try SmallFile.makeSparse(files.disk, bytes: bytes) }
        guard host.firmware.usesFlash, let flash = Firmware.installedFlash() else { return }
        guard let variables = SmallFile.read(flash.variables) else { throw .file(path: flash.variables, operation: "read", code: errno) }
        try SmallFile.replace(files.variables, with: variables)
    }
}
