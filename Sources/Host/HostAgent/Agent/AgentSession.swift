import HostContract
import Primitives

/// The loops of an agent that has its credential. They end together.
struct AgentSession: Sendable {
    let agent: Agent
    let handover: BootHandover
    let client: ServerClient
    let state: AgentState
    let worker: ConvergenceWorker

    func run() async throws {
        await resume()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await followConfiguration() }
            group.addTask { try await converge() }
            group.addTask { try await sendStatus() }
            group.addTask { try await sendEvents() }
            group.addTask { try await sendInventory() }
            group.addTask { try await carryOutOrders() }
            group.addTask { try await every(.seconds(1)) { await state.tick() } }
            group.addTask { try await every(agent.pace.heartbeat) { await state.beat() } }
            group.addTask { try await every(agent.pace.disks) { try await lookAtDisks() } }
            group.addTask { try await every(agent.pace.watch) { try await watchGuests() } }
            // waitForAll() would go on waiting for the others.
            while try await group.next() != nil {}
        }
    }

    // MARK: Convergence

    private func converge() async throws {
        var marked: UInt64?
        var logged: [ItemKey: ItemStatus] = [:]
        for await _ in state.passes {
            // A guest that goes down for a restart is not to be started again.
            guard let configuration = await state.configuration, await !state.isLeaving else { continue }
            let mayStart = await state.isConfirmed(within: agent.pace.confirmation)
            guard let (pass, guests) = try await worker.pass(over: configuration.settings, mayStartGuests: mayStart) else { continue }
            // What stays as it is, is said once.
            for item in pass.items where item.state != .inForce && logged[item.item] != item {
                agent.log(
                    item.state == .failed ? .warning : .notice, "item",
                    ["item": "\(item.item)", "state": item.state.rawValue, "detail": item.detail])
            }
            logged = Dictionary(pass.items.map { ($0.item, $0) }) { $1 }
            let isFirst = await state.finish(configuration, pass, guests: guests, next: .now + delay(pass))
            if marked != configuration.revision, pass.isInForce {
                marked = configuration.revision
                agent.marks.mark("configuration in force, revision \(configuration.revision)")
                await state.add(
                    .init(name: "configuration-in-force", detail: "revision \(configuration.revision), \(pass.items.count) items"))
            }
            if isFirst {
                agent.marks.mark("operational")
                agent.log(.notice, "operational", ["uptime": "\(agent.inventory.uptime)"])
                // By now its driver had the time to come.
                if let event = Watchdog(root: agent.root).event { await state.add(event) }
                do { try await settleArrival() } catch { agent.log(.warning, "cannot settle after the upgrade", ["reason": "\(error)"]) }
            }
        }
        try Task.checkCancellation()
    }

    private func delay(_ pass: Converger.Pass) -> Duration {
        guard let next = pass.nextLook else { return agent.pace.repair }
        return min(agent.pace.repair, .seconds(max(0.2, next - KernelClock.now)))
    }

    private func lookAtDisks() async throws {
        do { try await worker.lookAtDisks() } catch let error as HostFailure {
            agent.log(.warning, "cannot look at guests' disks", ["reason": error.description])
        }
    }

    func watchGuests() async throws {
        guard let settings = await state.configuration?.settings, let guests = try await worker.look(at: settings) else { return }
        await state.see(guests)
    }

    // MARK: Reports

    private func sendStatus() async throws {
        for await _ in state.beats {
            let system = try await system()
            try await deliver("cannot report the status") { credential throws(ExchangeFailure) in
                let status = await state.status(
                    version: Agent.version, memoryUsed: agent.inventory.memoryUsed, uptime: agent.inventory.uptime, system: system)
                try await client.report(status, credential: credential)
                UpgradeMemory.settle(status.upgrade, boot: handover.boot, in: agent.root)
            }
        }
    }

    /// With the roots in memory, those that nothing needs any more freed before.
    private func system() async throws -> RunningSystem {
        let (root, inventory, boot) = (agent.root, agent.inventory, handover.boot)
        let mayFree = await !state.isBusyWithOrder
        let (system, freed, swept) = try await worker.blocking { () throws(HostFailure) -> (RunningSystem, [RootInMemory], [String]) in
            let running = RootIdentity.running(in: root)
            let shelf = RootShelf(root: root)
            let region = PersistentMemory(root: root)
            let (memory, disk) = (region.status, LuggageDisk(root: root))
            let isSettled = mayFree && UpgradeMemory.load(from: root).map { $0.boot == boot } ?? true
            let freed = isSettled ? shelf.free(running: running) : []
            let swept = isSettled ? disk.sweep() : []
            let kernelMethods: [UpgradeMethod] = memory != nil ? [.warm, .save] : region.isAsked ? [] : [.save]
            let system = RunningSystem(
                root: running, kernelRelease: root.line("/proc/sys/kernel/osrelease") ?? "unknown", roots: shelf.roots(running: running),
                memoryAvailable: inventory.memoryAvailable,
                methods: [.live, .soft] + (root.exists("/usr/sbin/kexec") ? kernelMethods : []) + [.cold], guestMemory: memory,
                localFileSystems: memory == nil && !region.isAsked ? disk.candidates.map(\.space) : nil)
            return (system, freed, swept)
        }
        for directory in swept { await state.add(.init(name: "luggage-removed", detail: "\(directory) of a kernel change that was not completed")) }
        for image in freed { await state.add(.init(name: "root-freed", detail: "\(image.root.short), \(image.bytes >> 20) MiB")) }
        return system
    }

    private func sendEvents() async throws {
        for await _ in state.news {
            let events = await state.waiting()
            if events.isEmpty { continue }
            try await deliver("cannot report events") { credential throws(ExchangeFailure) in
                try await client.report(events, credential: credential)
            }
            await state.sent(events)
        }
    }

    private func sendInventory() async throws {
        let inventory = agent.inventory.read()
        try await deliver("cannot report the inventory") { credential throws(ExchangeFailure) in
            try await client.report(inventory, credential: credential)
        }
    }

    /// For ever, but for what the server will never take.
    private func deliver(_ what: StaticString, _ send: (_ credential: String) async throws(ExchangeFailure) -> Void) async throws {
        var pause = Pause(agent.pace.retry)
        while true {
            do throws(ExchangeFailure) { return try await send(state.grant.credential) } catch {
                try Task.checkCancellation()
                try await complain(what, error)
                if error.isFinal { return }
                try await Task.sleep(for: pause.next())
            }
        }
    }

    func complain(_ what: StaticString, _ failure: ExchangeFailure) async throws {
        agent.log(.warning, what, ["failure": failure.name, "reason": failure.description])
        if failure.isBootOver { try await comeBackIfBegun() }
        guard failure.isUnauthorized else { return }
        // A server that lost its keys, or this credential's term, answers the same claim again. It must stay the same host.
        guard let grant = try? await agent.claim(handover, client), await grant.host == state.grant.host else { return }
        await state.renew(grant)
    }

    private func every(_ interval: Duration, _ body: () async throws -> Void) async throws {
        while true {
            try await Task.sleep(for: interval)
            try await body()
        }
    }
}

/// A backoff with its source of chance.
struct Pause {
    private var backoff: Backoff
    private var generator = SystemRandomNumberGenerator()
    init(_ backoff: Backoff) { self.backoff = backoff }
    mutating func next() -> Duration { backoff.next(using: &generator) }
    mutating func reset() { backoff.reset() }
}
