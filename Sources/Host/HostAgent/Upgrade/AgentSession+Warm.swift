import HostContract
import Primitives

extension AgentSession {
    /// Changes the kernel under standing guests.
    /// - Throws: when nothing has changed.
    /// - Returns: when it failed after the server began the new boot: the agent has to start again, as one that came back.
    func goWarm(_ order: UpgradeOrder) async throws(HostFailure) {
        let machineID = await state.grant.machineID
        guard await state.isOperational(within: .seconds(120)) else {
            throw HostFailure(.notEffective, "the host is not operational now, so nobody could tell whether the new system is")
        }
        guard let target = order.image.root?.digest else { throw HostFailure(.missing, "the image has no root of its own") }
        let (state, agent) = (state, agent)
        let warm = WarmUpgrade(root: agent.root, order: order, handover: handover, libvirt: agent.libvirt, machineID: machineID) { name, detail in
            // Waits for nothing: an actor takes it in when it can, in order.
            Task { await state.add(.init(name: name, detail: detail)) }
        }
        try await worker.blocking { () throws(HostFailure) in try warm.prepare() }
        await state.leave(true)
        let guests: [ObservedDomain]
        let grant: ClaimGrant
        let nonce = SoftUpgrade.nonce()
        do {
            try await worker.hold(true)
            guests = try await worker.blocking { () throws(HostFailure) in try warm.guests() }
            await state.add(.init(name: "leaving", detail: "\(guests.count) guests stand still from here; the next lines are the new kernel's"))
            await state.drain(within: .seconds(10))
            grant = try await announce(SuccessorClaim(nonce: nonce, root: target, order: order.id))
        } catch {
            await stay(warm)
            throw error as? HostFailure ?? HostFailure(.notEffective, "the server did not begin the new boot: \(error)")
        }
        agent.marks.mark("kernel change to \(order.image.kernelRelease), root \(target.short)")
        let (standing, failure) = await stand(guests)
        var reason = failure
        if reason == nil {
            do throws(HostFailure) {
                try await worker.blocking { () throws(HostFailure) in try warm.leave(standing, under: grant, nonce: nonce) }
            } catch { reason = error }
        }
        // Still here: the guests go on, and the boot that the server has begun is one that came back.
        let cause = reason?.description ?? "the kernel did not change"
        agent.log(.error, "cannot leave this system", ["reason": cause])
        await goOn(standing)
        await stay(warm)
        let (root, handover) = (agent.root, handover)
        try await worker.blocking { () throws(HostFailure) in
            let former = RootIdentity.running(in: root) ?? target
            try UpgradeMemory(order: order.id, boot: handover.boot, former: former, target: target, fallbackNonce: SoftUpgrade.nonce()).save(to: root)
            try root.write(Guardian.reasonFile, Array((cause + "\n").utf8))
            try handover.succeed(boot: grant.boot, nonce: nonce, in: root)
            try BootHandover.keep(grant, in: root)
        }
    }

    /// Back to normal, before or without a new boot.
    private func stay(_ warm: WarmUpgrade) async {
        try? await worker.blocking { () throws(HostFailure) in warm.undo() }
        try? await worker.hold(false)
        await state.leave(false)
    }

    /// All at once. With a failure, those that stand are returned too.
    private func stand(_ guests: [ObservedDomain]) async -> ([StandingGuests.Guest], HostFailure?) {
        let acts = GuestStand(root: agent.root, libvirt: agent.libvirt)
        let worker = worker
        return await withTaskGroup(of: Result<StandingGuests.Guest, HostFailure>.self) { group in
            for guest in guests {
                group.addTask {
                    do throws(HostFailure) {
                        return .success(try await worker.blocking { () throws(HostFailure) in try acts.stop(guest.name, uuid: guest.uuid) })
                    } catch { return .failure(error) }
                }
            }
            var (standing, failure): ([StandingGuests.Guest], HostFailure?) = ([], nil)
            for await outcome in group {
                switch outcome {
                case .success(let guest): standing.append(guest)
                case .failure(let error): failure = error
                }
            }
            return (standing, failure)
        }
    }

    private func goOn(_ guests: [StandingGuests.Guest]) async {
        let acts = GuestStand(root: agent.root, libvirt: agent.libvirt)
        for guest in guests {
            do throws(HostFailure) {
                let pause = try await worker.blocking { () throws(HostFailure) in try acts.resume(guest) }
                await state.add(.init(name: "guest-resumed", detail: "\(guest.name) stood for \(pause) ms"))
            } catch {
                await state.add(.init(name: "guest-lost", detail: "\(guest.name): \(error.description)"))
            }
        }
    }
}
