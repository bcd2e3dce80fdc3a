import HostContract
import NIOCore
import NIOPosix
import Synchronization

/// Converging and looking at guests, on threads that may wait for libvirt: a guest that takes a minute to start delays no heartbeat.
final class ConvergenceWorker: Sendable {
    private let converger: Mutex<Converger>
    /// True while guests stand: a pass would start them anew. Changed only between passes, under the converger's lock.
    private let isHeld = Mutex(false)
    /// What the definitions of running guests say, by the run that they were read in: they do not change while it lasts.
    private let traits = Mutex<[GuestRun: DomainTraits]>([:])
    private let libvirt: LibvirtConnection
    private let root: HostRoot
    private let threads: NIOThreadPool
    private let group: any EventLoopGroup
    /// Guests with a disk that was not reached when disks were looked at, and what was found.
    private let unreachable = Mutex<[String: String]>([:])
    /// True while a guest that left the configuration is still on its way out.
    private let hasLeftovers = Mutex(false)
    /// That libvirt does not answer must not read as "no guest runs": a placement would be given away.
    private let lastSeen = Mutex<[GuestStatus]>([])
    private let pauses: GuestPauses

    init(
        root: HostRoot, libvirt: LibvirtConnection, converger: consuming Converger, pauses: GuestPauses, threads: NIOThreadPool,
        group: any EventLoopGroup
    ) {
        (self.pauses, self.group) = (pauses, group)
        self.converger = Mutex(converger)
        (self.libvirt, self.root, self.threads) = (libvirt, root, threads)
    }

    /// - Returns: `nil` while guests stand.
    func pass(over settings: HostSettings, mayStartGuests: Bool) async throws -> (Converger.Pass, [GuestStatus])? {
        try await threads.runIfActive { [self] in
            let done = converger.withLock { converger -> (Converger.Pass, AgentMemory)? in
                if isHeld.withLock({ $0 }) { return nil }
                return (converger.pass(over: settings, mayStartGuests: mayStartGuests, uptime: KernelClock.now), converger.memory)
            }
            guard let (pass, memory) = done else { return nil }
            hasLeftovers.withLock { $0 = memory.items.contains { $0.key.kind == Guest.kind } }
            return (pass, guests(of: settings) ?? lastSeen.withLock { $0 })
        }
    }

    /// When this returns, no pass runs, and none will until it is let go.
    func hold(_ held: Bool) async throws {
        try await threads.runIfActive { [self] in converger.withLock { _ in isHeld.withLock { $0 = held } } }
    }

    /// Runs what waits for a disk, a program or a network on a thread that may.
    func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws(HostFailure) -> Value) async throws(HostFailure) -> Value {
        do { return try await threads.runIfActive { try body() } } catch {
            throw error as? HostFailure ?? HostFailure(.commandFailed, "\(error)")
        }
    }

    /// `nil` when libvirt does not answer.
    func look(at settings: HostSettings) async throws -> [GuestStatus]? {
        try await threads.runIfActive { [self] in isHeld.withLock { $0 } ? nil : guests(of: settings) }
    }

    /// - Returns: what is wrong with the disks of running guests, by guest.
    @discardableResult
    func lookAtDisks() async throws -> [String: String] {
        let guests = try await threads.runIfActive { [self] () throws -> [(String, DomainTraits)] in
            // A host without guests does not wake libvirtd up. Disks come and go while a guest runs.
            guard lastSeen.withLock({ $0.contains { $0.processID != nil } }) else { return [] }
            return try libvirt.domains().filter(\.isActive).map { ($0.name, try libvirt.traits(of: $0.name)) }
        }
        let faults = await DiskReach(root: root, group: group).faults(of: guests)
        unreachable.withLock { $0 = faults }
        return faults
    }

    /// Before guests, or one of them, are to go on in another system.
    func admitDisks(of guest: String? = nil) async throws(HostFailure) {
        let faults: [String: String]
        do { faults = try await lookAtDisks() } catch { throw error as? HostFailure ?? HostFailure(.notEffective, "\(error)") }
        guard let (guest, fault) = faults.filter({ guest == nil || guest == $0.key }).min(by: { $0.key < $1.key }) else { return }
        throw HostFailure(.notEffective, "guest \(guest): \(fault)")
    }

    private struct GuestRun: Hashable {
        var name: String
        var process: Int?
        var start: UInt64?
    }

    private func readTraits(of run: GuestRun) -> DomainTraits? {
        if let known = traits.withLock({ $0[run] }) { return known }
        guard var read = try? libvirt.traits(of: run.name) else { return nil }
        read.program = program(of: read)
        traits.withLock { $0[run] = read }
        return read
    }

    private func program(of guest: DomainTraits) -> String? {
        if let program = guest.program { return program }
        let places = DiskPlaces(root: root)
        return (guest.files + guest.devices).lazy.compactMap { file in places.program(below: file).map { "has its disk \(file) by \($0)" } }.first
    }

    private func guests(of settings: HostSettings) -> [GuestStatus]? {
        // A host without guests does not wake libvirtd up.
        guard !settings.guests.isEmpty || hasLeftovers.withLock({ $0 }) else {
            lastSeen.withLock { $0 = [] }
            traits.withLock { $0 = [:] }
            return []
        }
        guard let domains = try? libvirt.domains() else { return nil }
        let seen = domains.map { domain -> GuestStatus in
            // libvirt's API does not tell; its QEMU driver keeps this file while the guest runs.
            let process = domain.isActive ? root.line("/run/libvirt/qemu/\(domain.name).pid").flatMap { Int($0) } : nil
            let begun = process.flatMap { Int32(exactly: $0) }.flatMap { ProcessStatus(of: $0, in: root)?.start }
            let traits = domain.isActive ? readTraits(of: GuestRun(name: domain.name, process: process, start: begun)) : nil
            return GuestStatus(
                name: domain.name, state: domain.state, processID: process, processStart: begun,
                memory: traits.map { $0.isKept ? .kept : .ordinary }, memoryBytes: traits?.memory, fixture: traits?.fixture,
                program: traits?.program, unreachable: domain.isActive ? unreachable.withLock { $0[domain.name] } : nil,
                machineType: traits?.machineType, root: process.flatMap { RootIdentity.ofProcess($0, in: root) },
                pause: domain.isActive ? pauses.pauses[domain.name] : nil)
        }
        traits.withLock { known in
            let runs = Set(seen.map { GuestRun(name: $0.name, process: $0.processID, start: $0.processStart) })
            known = known.filter { runs.contains($0.key) }
        }
        lastSeen.withLock { $0 = seen }
        return seen
    }
}
