import HostContract
import Primitives

/// The server has begun the boot of a system that was then not gone over to. The agent starts again, and says so under that boot.
struct SystemNotLeft: Error {}

/// Carrying out an order: preparing while everything runs, telling the server, going.
extension AgentSession {
    func carryOutOrders() async throws {
        for await _ in state.orders {
            if let renewal = await state.renewal {
                await carryOut(renewal)
                continue
            }
            guard let order = await state.order else { continue }
            agent.log(.notice, "order received", ["order": order.id, "method": order.method.rawValue])
            await state.add(.init(.received, detail: "\(order.method.rawValue) to \(order.image.image.short)"))
            do throws(HostFailure) {
                switch order.method {
                case .live:
                    await state.finishOrder(failure: nil)
                    continue
                case .soft: try await goSoft(order)
                case .warm, .save: try await goWarm(order)
                case .cold: try await goCold()
                }
            } catch {
                agent.log(.warning, "order given up", ["order": order.id, "reason": error.description])
                // What was found stands in the same report, for the next plan.
                try await watchGuests()
                await state.finishOrder(failure: error.description)
                continue
            }
            throw SystemNotLeft()
        }
        try Task.checkCancellation()
    }

    private func goSoft(_ order: UpgradeOrder) async throws(HostFailure) {
        let machineID = await state.grant.machineID
        // The order may have come with a configuration that is being brought in force just now.
        guard await state.isOperational(within: .seconds(120)) else {
            throw HostFailure(.notEffective, "the host is not operational now, so nobody could tell whether the new system is")
        }
        try await worker.admitDisks()
        let (state, root, handover) = (state, agent.root, handover)
        let upgrade = SoftUpgrade(root: root, order: order, handover: handover, machineID: machineID) { step, detail in
            // Waits for nothing: an actor takes it in when it can, in order.
            Task { await state.add(.init(step, detail: detail)) }
        }
        let taken = try await worker.blocking { () throws(HostFailure) in
            let before = FreeMemory(in: root)
            try upgrade.prepare()
            return before.taken(in: root)
        }
        await state.leave(true)
        do throws(HostFailure) { try await measure(order) } catch {
            try await worker.blocking { () throws(HostFailure) in upgrade.undo() }
            await state.leave(false)
            throw error
        }
        await state.add(.init(.leaving, detail: "guests go on; the next lines are the new system's; \(taken)"))
        await state.drain(within: .seconds(10))
        let (grant, nonce): (ClaimGrant, String)
        do {
            (grant, nonce) = try await announce(order)
        } catch {
            try await worker.blocking { () throws(HostFailure) in upgrade.undo() }
            await state.leave(false)
            throw HostFailure(.notEffective, "the server did not begin the new boot: \(error)")
        }
        agent.marks.mark("soft reboot to \(order.image.root?.digest.short ?? order.image.image.short)")
        do throws(HostFailure) {
            try await worker.blocking { () throws(HostFailure) in try upgrade.leave(under: grant, nonce: nonce) }
        } catch {
            agent.log(.error, "cannot leave this system", ["reason": error.description])
            return
        }
        try? await Task.sleep(for: .seconds(3600))
    }

    /// Repeated for a while: the order may wait, the guests do not notice. What the server began though no answer arrived shows when the order's
    /// failure is to be reported: see `comeBackIfBegun`.
    /// - Returns: the new boot's credential, and its nonce.
    func announce(_ order: UpgradeOrder) async throws -> (ClaimGrant, String) {
        let root = agent.root
        let claim = try await worker.blocking { () throws(HostFailure) in try UpgradeMemory.announcement(in: root) }
        // The guardian's time is running.
        let end = ContinuousClock.now + .seconds(min(120, order.deadline / 2))
        var pause = Pause(agent.pace.retry)
        while true {
            do throws(ExchangeFailure) {
                return (try await client.succeed(claim, credential: state.grant.credential), claim.nonce)
            } catch {
                // A server that could not write it may have begun the boot all the same: the same nonce gets the same answer.
                if case .refused(let status, _) = error, status < 500 { throw error }
                agent.log(.warning, "cannot announce the next boot", ["failure": error.name, "reason": error.description])
                if .now >= end { throw error }
                try await Task.sleep(for: pause.next())
            }
        }
    }

    /// This boot is over, says the server. If that is because it began the one that it was asked for, and its answer was lost, this host takes it up:
    /// as one that came back from it.
    func comeBackIfBegun() async throws {
        guard await state.beginComeback() else { return }
        let (root, boot) = (agent.root, handover.boot)
        if let memory = UpgradeMemory.load(from: root), memory.boot == boot, let nonce = memory.nonce,
            let grant = try? await client.succeed(
                SuccessorClaim(nonce: nonce, root: memory.target, order: memory.order), credential: state.grant.credential)
        {
            agent.log(.warning, "the next boot was begun, and its answer lost", ["order": memory.order, "boot": grant.boot])
            try await worker.blocking { () throws(HostFailure) in
                try SystemNotLeft.comeBack(under: grant, nonce: nonce, because: "the server's answer did not arrive in time", in: root)
            }
            throw SystemNotLeft()
        }
        await state.endComeback()
    }

    private func goCold() async throws(HostFailure) {
        await state.leave(true)
        await state.add(.init(.leaving, detail: "guests are asked to shut down, then the host is reset"))
        await state.drain(within: .seconds(10))
        let (state, root) = (state, agent.root)
        let restart = ColdRestart(agent.libvirt, guests: await state.configuration?.settings.guests ?? [])
        let (news, tell) = AsyncStream.makeStream(of: ProgressReport.Event.self)
        let told = Task { for await event in news { await state.add(event) } }
        agent.marks.mark("restarting")
        do throws(HostFailure) {
            try await worker.blocking { () throws(HostFailure) in
                defer { tell.finish() }
                restart.endGuests { tell.yield(.init(name: $0, detail: $1)) }
            }
            await told.value
            await state.drain(within: .seconds(10))
            try await worker.blocking { () throws(HostFailure) in
                // With a kernel loaded, systemd would start that.
                WarmUpgrade.abandon(in: root)
                try Command("/usr/bin/systemctl", ["--no-block", "reboot"]).run(in: root)
            }
        } catch {
            await state.leave(false)
            throw error
        }
        try? await Task.sleep(for: .seconds(3600))
    }

    /// In the new system, once it is operational: the guardian may go, and with it the way back.
    func settleArrival() async throws {
        let (root, boot) = (agent.root, handover.boot)
        let order = try await worker.blocking { () throws(HostFailure) -> String? in
            guard let memory = UpgradeMemory.load(from: root), memory.boot != boot else { return nil }
            try root.write(Guardian.arrivedFile, Array(memory.order.utf8))
            Guardian.stop(in: root)
            NextRoot(root: root, image: memory.former, place: NextRoot.fallbackPlace).dismantle()
            RootShelf.releaseFirst(in: root)
            try root.remove(UpgradeMemory.file)
            WayBack(root: root).close()
            PersistentMemory(root: root).forgetHandover()
            return memory.order
        }
        if let order { agent.log(.notice, "arrived in the new system", ["order": order]) }
    }
}
