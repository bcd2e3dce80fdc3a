import HostContract
import NIOPosix

extension Agent {
    /// Opens the memory that guests outlive the kernel in, and lets those go on that stand there: before anything that can wait.
    func prepareGuestMemory(_ grant: ClaimGrant, _ state: AgentState, _ threads: NIOThreadPool) async -> GuestPauses {
        let (root, libvirt) = (root, libvirt)
        var pauses = GuestPauses.load(from: root, boot: grant.boot)
        do {
            let status = try await threads.runIfActive { try Self.openGuestMemory(in: root) }
            if let status { log(.notice, "guest memory", ["MiB": "\(status.bytes >> 20)", "free.MiB": "\(status.free >> 20)"]) }
        } catch {
            log(.warning, "the memory set aside for guests cannot be used", ["reason": "\(error)"])
            await state.add(.init(name: "guest-memory-unusable", detail: "\(error)"))
        }
        defer { startTheRest() }
        guard let standing = StandingGuests.load(from: root) else { return pauses }
        await awaitNetworks(threads)
        await withTaskGroup(of: (StandingGuests.Guest, Result<Int, any Error>).self) { group in
            for guest in standing.guests {
                group.addTask {
                    do {
                        return (guest, .success(try await threads.runIfActive { try Self.resume(guest, GuestStand(root: root, libvirt: libvirt)) }))
                    } catch { return (guest, .failure(error)) }
                }
            }
            for await (guest, outcome) in group {
                switch outcome {
                case .success(let pause):
                    pauses.pauses[guest.name] = pause
                    marks.mark("guest \(guest.name) goes on after \(pause) ms")
                    await state.add(.init(name: "guest-resumed", detail: "\(guest.name) stood for \(pause) ms"))
                case .failure(let error):
                    log(.error, "a standing guest cannot go on", ["guest": guest.name, "reason": "\(error)"])
                    await state.add(.init(name: "guest-lost", detail: "\(guest.name) cannot go on, and starts anew: \(error)"))
                }
            }
        }
        do {
            try pauses.save(to: root)
            try root.remove(StandingGuests.file)
        } catch { log(.warning, "cannot settle the resumed guests", ["reason": error.description]) }
        return pauses
    }

    /// A system that took guests over has started only what they need.
    private func startTheRest() {
        guard root.line("/proc/cmdline")?.contains("bennu.handover=") == true else { return }
        do throws(HostFailure) { try Command("/usr/bin/systemctl", ["--no-block", "start", "multi-user.target"]).run(in: root) } catch {
            log(.warning, "cannot start the rest of the system", ["reason": error.description])
        }
    }

    /// The device of a region comes a moment after the kernel.
    private static func openGuestMemory(in root: HostRoot) throws(HostFailure) -> GuestMemoryStatus? {
        let memory = PersistentMemory(root: root)
        let start = KernelClock.now
        while memory.isAsked, KernelClock.now - start < 15 {
            if let status = try memory.open() { return status }
            usleep(100_000)
        }
        guard !memory.isAsked else { throw HostFailure(.missing, "the kernel set no memory aside where its arguments say") }
        return nil
    }

    /// One that goes on already was resumed by an agent that did not live to say so. A failure may be libvirtd that is not up yet.
    private static func resume(_ guest: StandingGuests.Guest, _ stand: GuestStand) throws(HostFailure) -> Int {
        var last = HostFailure(.libvirt, "nothing was tried")
        for attempt in 0..<5 {
            if attempt > 0 { sleep(1) }
            do throws(HostFailure) {
                if try stand.libvirt.domain(guest.name)?.isActive == true { return Int(clamping: WallClock.milliseconds - guest.since) }
                return try stand.resume(guest)
            } catch { last = error }
        }
        throw last
    }

    /// What guests are plugged into: bridges, which networkd makes from the files that came along, and libvirt's networks, which are defined.
    private func awaitNetworks(_ threads: NIOThreadPool) async {
        let (root, libvirt) = (root, libvirt)
        let keys = AgentMemory.load(from: root).items.map(\.key)
        let bridges = keys.filter { $0.kind == Bridge.kind }.map(\.name)
        let networks = keys.filter { $0.kind == GuestNetwork.kind }.map(\.name)
        _ = try? await threads.runIfActive {
            let start = KernelClock.now
            while !bridges.allSatisfy({ root.exists("/sys/class/net/\($0)/bridge") }), KernelClock.now - start < 20 { usleep(50_000) }
            try? root.makeDirectory(Guest.logDirectory, mode: 0o755)
            for network in networks { try? libvirt.startNetwork(network) }
        }
    }
}
