import HostContract
package import NIOCore
import NIOPosix
import Primitives

/// The agent of one host: claims its boot where the initrd could not, reports what the host is, brings its configuration in force, and stays.
/// It ends only when it is cancelled.
package struct Agent: Sendable {
    package static let version = "0.1.0"

    let root: HostRoot
    let libvirt: LibvirtConnection
    let group: any EventLoopGroup
    let log: AgentLog
    let pace: AgentPace
    let marks: BootMarks
    let inventory: InventoryReader

    package init(
        root: HostRoot, libvirtURI: String = "qemu:///system", group: any EventLoopGroup, log: AgentLog, pace: AgentPace = AgentPace()
    ) {
        (self.root, self.group, self.log, self.pace) = (root, group, log, pace)
        libvirt = LibvirtConnection(uri: libvirtURI)
        marks = BootMarks(root: root)
        inventory = InventoryReader(root: root)
    }

    package func run() async throws {
        marks.mark("agent started")
        log(.notice, "agent started", ["version": Self.version])
        // Guests are stopped and resumed side by side on these.
        let threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        defer { threads.shutdownGracefully { _ in } }
        _ = try? await threads.runIfActive { abandonSuccession() }
        let found = try await loadHandover()
        // Before anything that can wait, a server among it.
        let (pauses, news) = await prepareGuestMemory(boot: found.boot, threads)
        WayBack(root: root).showLife()
        let watchdog = (try? await threads.runIfActive { armWatchdog() }) ?? []
        let claimant = ServerClient(group: group, server: found.server, boot: found.boot)
        let (handover, grant) = try await settleSuccession(found, obtainGrant(found, claimant))
        let client = ServerClient(group: group, server: handover.server, boot: handover.boot)
        prepareLibvirt(grant)
        let state = AgentState(grant: grant)
        await state.add(.init(.agentStarted, detail: "version \(Self.version), \(inventory.uptime) s after the kernel"))
        for event in news + watchdog { await state.add(event) }
        let converger = Converger(
            executor: ActionExecutor(root: root, libvirt: libvirt), host: grant.host, bootAddress: handover.hardwareAddress)
        let session = AgentSession(
            agent: self, handover: handover, client: client, state: state,
            worker: ConvergenceWorker(root: root, libvirt: libvirt, converger: converger, pauses: pauses, threads: threads, group: group))
        try await session.run()
    }

    private func loadHandover() async throws -> BootHandover {
        try await retrying("cannot take over from the initrd") { try BootHandover.load(from: root) }
    }

    private func obtainGrant(_ handover: BootHandover, _ client: ServerClient) async throws -> ClaimGrant {
        if let grant = BootHandover.grant(from: root), grant.boot == handover.boot { return grant }
        log(.warning, "the initrd left no claim; claiming now")
        return try await retrying("cannot claim this boot") { try await claim(handover, client) }
    }

    /// The same nonce as the initrd's: the server gives the same answer to it.
    func claim(_ handover: BootHandover, _ client: ServerClient) async throws -> ClaimGrant {
        let found = inventory.read()
        let grant = try await client.claim(
            BootClaim(
                boot: handover.boot, uuid: found.system.uuid?.description, macs: found.interfaces.map(\.hardwareAddress),
                nonce: handover.nonce))
        guard grant.boot == handover.boot else { throw HostFailure(.foreign, "the grant is for boot \(grant.boot), not \(handover.boot)") }
        try BootHandover.keep(grant, in: root)
        return grant
    }

    /// The unit that runs before libvirtd has done this; on a host where it has not, libvirtd starts again.
    private func prepareLibvirt(_ grant: ClaimGrant) {
        do throws(HostFailure) {
            guard try LibvirtIdentity.prepare(machineID: grant.machineID, in: root) else { return }
            try Command("/usr/bin/systemctl", ["try-restart", "libvirtd.service"]).run(in: root)
        } catch {
            log(.warning, "cannot set the host UUID of libvirt", ["reason": error.description])
        }
    }

    /// Tries for ever, less and less often.
    func retrying<Value>(_ what: StaticString, _ body: () async throws -> Value) async throws -> Value {
        var backoff = pace.retry
        var generator = SystemRandomNumberGenerator()
        while true {
            do { return try await body() } catch {
                try Task.checkCancellation()
                let pause = backoff.next(using: &generator)
                log(.warning, what, ["reason": "\(error)", "retry.seconds": "\(pause.components.seconds)"])
                try await Task.sleep(for: pause)
            }
        }
    }
}
