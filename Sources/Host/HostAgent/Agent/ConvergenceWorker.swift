import HostContract
import NIOPosix
import Synchronization

/// Converging and looking at guests, on threads that may wait for libvirt: a guest that takes a minute to start delays no heartbeat.
final class ConvergenceWorker: Sendable {
    private let converger: Mutex<Converger>
    private let libvirt: LibvirtConnection
    private let root: HostRoot
    private let threads: NIOThreadPool
    /// True while a guest that left the configuration is still on its way out.
    private let hasLeftovers = Mutex(false)
    /// That libvirt does not answer must not read as "no guest runs": a placement would be given away.
    private let lastSeen = Mutex<[GuestStatus]>([])

    init(root: HostRoot, libvirt: LibvirtConnection, converger: consuming Converger, threads: NIOThreadPool) {
        self.converger = Mutex(converger)
        (self.libvirt, self.root, self.threads) = (libvirt, root, threads)
    }

    func pass(over settings: HostSettings, mayStartGuests: Bool) async throws -> (Converger.Pass, [GuestStatus]) {
        try await threads.runIfActive { [self] in
            let (pass, memory) = converger.withLock {
                ($0.pass(over: settings, mayStartGuests: mayStartGuests, uptime: KernelClock.now), $0.memory)
            }
            hasLeftovers.withLock { $0 = memory.items.contains { $0.key.kind == Guest.kind } }
            return (pass, guests(of: settings) ?? lastSeen.withLock { $0 })
        }
    }

    /// Runs what waits for a disk, a program or a network on a thread that may.
    func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws(HostFailure) -> Value) async throws(HostFailure) -> Value {
        do { return try await threads.runIfActive { try body() } } catch {
            throw error as? HostFailure ?? HostFailure(.commandFailed, "\(error)")
        }
    }

    /// `nil` when libvirt does not answer.
    func look(at settings: HostSettings) async throws -> [GuestStatus]? {
        try await threads.runIfActive { [self] in guests(of: settings) }
    }

    /// Field 22 of stat; the name in field 2 may hold anything, but it ends with the last parenthesis.
    private func start(ofProcess process: Int) -> UInt64? {
        guard let line = root.line("/proc/\(process)/stat"), let end = line.lastIndex(of: ")") else { return nil }
        return line[end...].split(separator: " ").dropFirst(20).first.flatMap { UInt64($0) }
    }

    private func guests(of settings: HostSettings) -> [GuestStatus]? {
        // A host without guests does not wake libvirtd up.
        guard !settings.guests.isEmpty || hasLeftovers.withLock({ $0 }) else { return [] }
        guard let domains = try? libvirt.domains() else { return nil }
        let seen = domains.map { domain in
            // libvirt's API does not tell; its QEMU driver keeps this file while the guest runs.
            let process = domain.isActive ? root.line("/run/libvirt/qemu/\(domain.name).pid").flatMap { Int($0) } : nil
            return GuestStatus(
                name: domain.name, state: domain.state, processID: process, processStart: process.flatMap { start(ofProcess: $0) })
        }
        lastSeen.withLock { $0 = seen }
        return seen
    }
}
