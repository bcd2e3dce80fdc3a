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
        try await worker.admitDisks()
        let (state, agent) = (state, agent)
        let warm = WarmUpgrade(root: agent.root, order: order, handover: handover, libvirt: agent.libvirt, machineID: machineID) { name, detail in
            // Waits for nothing: an actor takes it in when it can, in order.
            Task { await state.add(.init(name: name, detail: detail)) }
        }
        let taken = try await worker.blocking { () throws(HostFailure) in
            let before = FreeMemory(in: warm.root)
            try warm.prepare()
            return before.taken(in: warm.root)
        }
        await state.leave(true)
        let guests: [StandingGuests.Guest]
        let grant: ClaimGrant
        let nonce: String
        do {
            try await worker.hold(true)
            guests = try await worker.blocking { () throws(HostFailure) in
                try warm.admitGuests()
                return try warm.guests().map { domain throws(HostFailure) in try warm.look(at: domain) }
            }
            try await measure(order)
            await state.add(
                .init(.leaving, detail: "\(guests.count) guests stand still from here; the next lines are the new kernel's; \(taken)"))
            await state.drain(within: .seconds(10))
            try await worker.blocking { () throws(HostFailure) in try Watchdog(root: agent.root).rest() }
            (grant, nonce) = try await announce(order)
        } catch {
            await stay(warm)
            throw error as? HostFailure ?? HostFailure(.notEffective, "the server did not begin the new boot: \(error)")
        }
        do throws(HostFailure) {
            // From here on an agent that ends leaves word for the next.
            try PendingSuccession(nonce: nonce, grant: grant).save(to: agent.root)
            try StandingGuests(guests: guests).save(to: agent.root)
            agent.marks.mark("kernel change to \(order.image.kernelRelease), root \(order.image.root?.digest.short ?? "none")")
            let standing = try await stop(guests, warm.stand)
            try await worker.blocking { () throws(HostFailure) in try warm.leave(standing, under: grant, nonce: nonce) }
        } catch {
            // Still here. The agent that starts next has the guests go on, and takes up the boot that the server has begun.
            agent.log(.error, "cannot leave this system", ["reason": error.description])
        }
    }

    /// Back to normal, without a new boot.
    private func stay(_ warm: WarmUpgrade) async {
        try? await worker.blocking { () throws(HostFailure) in
            warm.undo()
            try Watchdog(root: warm.root).arm()
        }
        try? await worker.hold(false)
        await state.leave(false)
    }

    /// All at once.
    /// - Returns: those that stand; the others have ended.
    /// - Throws: when one can neither stand nor end; others may stand then.
    private func stop(_ guests: [StandingGuests.Guest], _ stand: GuestStand) async throws(HostFailure) -> [StandingGuests.Guest] {
        let worker = worker
        let (standing, failure) = await withTaskGroup(
            of: Result<StandingGuests.Guest?, HostFailure>.self, returning: ([StandingGuests.Guest], HostFailure?).self
        ) { group in
            for guest in guests {
                group.addTask {
                    do throws(HostFailure) {
                        return .success(try await worker.blocking { () throws(HostFailure) in try stand.stop(guest) })
                    } catch { return .failure(error) }
                }
            }
            var (standing, failure): ([StandingGuests.Guest], HostFailure?) = ([], nil)
            for await outcome in group {
                switch outcome {
                case .success(let guest): standing += guest.map { [$0] } ?? []
                case .failure(let error): failure = error
                }
            }
            return (standing, failure)
        }
        if let failure { throw failure }
        return standing
    }
}
