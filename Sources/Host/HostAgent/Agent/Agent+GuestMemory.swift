import Glibc
import HostContract
import NIOCore
import NIOPosix

extension Agent {
    /// Opens the memory that guests outlive the kernel in, and lets those go on that stand there.
    /// - Parameter boot: the one that this system was left for.
    func prepareGuestMemory(boot: String, _ threads: NIOThreadPool) async -> (GuestPauses, [ProgressReport.Event]) {
        let (root, libvirt) = (root, libvirt)
        var pauses = GuestPauses.load(from: root, boot: boot)
        var news: [ProgressReport.Event] = []
        do {
            let status = try await threads.runIfActive { try Self.openGuestMemory(in: root) }
            if let status { log(.notice, "guest memory", ["MiB": "\(status.bytes >> 20)", "free.MiB": "\(status.free >> 20)"]) }
        } catch {
            log(.warning, "the memory set aside for guests cannot be used", ["reason": "\(error)"])
            news.append(.init(name: "guest-memory-unusable", detail: "\(error)"))
        }
        // However long a guest takes to go on, the way in to this host opens.
        let opening = Task {
            try await Task.sleep(for: .seconds(Self.patienceOfTheRest))
            startTheRest()
        }
        defer { opening.cancel() }
        let wayBack = WayBack(root: root)
        if let standing = StandingGuests.load(from: root) {
            for guest in standing.guests {
                guard let reason = guest.needsLibvirt else { continue }
                news.append(.init(name: "guest-waits-for-libvirt", detail: "\(guest.name): \(reason)"))
            }
            plugIn(standing)
            let pools = Task { await startPools() }
            defer { pools.cancel() }
            await awaitNetworks(threads)
            if !wayBack.hold() { _ = try? await threads.runIfActive { wayBack.stay() } }
            var losses: [String] = []
            var unknown: Set<String> = []
            await withTaskGroup(of: (StandingGuests.Guest, Result<Int, any Error>).self) { group in
                for guest in standing.guests {
                    group.addTask {
                        let stand = GuestStand(root: root, libvirt: libvirt)
                        do { return (guest, .success(try await threads.runIfActive { try stand.resumePatiently(guest) })) } catch {
                            return (guest, .failure(error))
                        }
                    }
                }
                for await (guest, outcome) in group {
                    switch outcome {
                    case .success(let pause):
                        pauses.pauses[guest.name] = pause
                        let isFirst = guest.goneOn != nil
                        if !isFirst { marks.mark("guest \(guest.name) goes on after \(pause) ms") }
                        let written = guest.stateBytes.map { ", \(($0 + 1023) >> 10) KiB written" } ?? ""
                        let detail = "\(guest.name) stood for \(pause) ms\(written)\(isFirst ? ", before libvirt was there" : "")"
                        news.append(.init(name: "guest-resumed", detail: detail))
                    case .failure(let error):
                        log(.error, "a standing guest cannot go on", ["guest": guest.name, "reason": "\(error)"])
                        if (error as? HostFailure)?.kind == .missing { unknown.insert(guest.name) }
                        losses.append("guest \(guest.name) cannot go on: \(error)")
                        news.append(.init(name: "guest-lost", detail: "\(guest.name) cannot go on, and starts anew: \(error)"))
                    }
                }
            }
            if losses.count == standing.guests.count, let loss = losses.first {
                _ = try? await threads.runIfActive { if allCanReturn(standing) { wayBack.take(because: loss) } }
            }
            // libvirt would start others on the same disks.
            for guest in standing.guests where unknown.contains(guest.name) {
                if let goneOn = guest.goneOn, goneOn.isAlive(guest.uuid, in: root) { kill(goneOn.process, SIGKILL) }
            }
            wayBack.close()
            do {
                try pauses.save(to: root)
                try root.remove(StandingGuests.file)
                for file in root.list(PersistentMemory.states) { try root.remove("\(PersistentMemory.states)/\(file)") }
            } catch { log(.warning, "cannot settle the resumed guests", ["reason": error.description]) }
        } else if wayBack.isOpen, wayBack.hold() {
            _ = try? await threads.runIfActive { wayBack.take(because: "nobody wrote down which guests stand") }
            wayBack.close()
        }
        do { try await threads.runIfActive { try LuggageDisk(root: root).discard() } } catch {
            log(.warning, "what guests were saved in stays on its disk", ["reason": "\(error)"])
            news.append(.init(name: "luggage-left", detail: "\(error)"))
        }
        _ = try? await threads.runIfActive {
            // libvirtd is not woken for nothing.
            if PersistentMemory(root: root).isUsed, let active = try? libvirt.domains().filter(\.isActive) {
                PersistentMemory(root: root).collect(keeping: Set(active.map(\.uuid)))
            }
            startTheRest()
        }
        return (pauses, news)
    }

    /// True when each of them can go on where they came from: its QEMU can be told to stand once more, or libvirt answers that it does not run, and its
    /// state is still there.
    private func allCanReturn(_ standing: StandingGuests) -> Bool {
        standing.guests.allSatisfy { guest in
            if let goneOn = guest.goneOn { return goneOn.isAlive(guest.uuid, in: root) }
            guard root.exists(guest.state), let domains = try? libvirt.domains() else { return false }
            return !domains.contains { $0.name == guest.name && $0.isActive }
        }
    }

    /// Network cards of guests that went on before there was a bridge; for ten minutes, beside everything else.
    private func plugIn(_ standing: StandingGuests) {
        let root = root
        // Not behind guests that wait for libvirt.
        let threads = NIOSingletons.posixBlockingThreadPool
        let taps = standing.guests.filter { $0.goneOn != nil }.flatMap { $0.launch?.taps ?? [] }
        guard !taps.isEmpty else { return }
        Task {
            var rest = taps
            for _ in 0..<3000 {
                let waiting = rest
                rest = (try? await threads.runIfActive { waiting.filter { (try? TapDevice(root: root, tap: $0).plugIn()) != true } }) ?? waiting
                if rest.isEmpty { return }
                try await Task.sleep(for: .milliseconds(200))
            }
            log(.error, "network cards of guests have no bridge", ["interfaces": rest.map(\.name).joined(separator: " ")])
        }
    }

    /// Seconds.
    private static let patienceOfTheRest = 120

    /// A system that took guests over has started only what they need.
    private func startTheRest() {
        guard root.kernelArguments.contains(where: { $0.hasPrefix("bennu.handover=") }) else { return }
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

    /// What guests are plugged into: bridges, which networkd makes from the files that came along, and libvirt's networks, which are defined.
    private func awaitNetworks(_ threads: NIOThreadPool) async {
        let (root, libvirt) = (root, libvirt)
        let bridges = made(Bridge.kind)
        let networks = made(GuestNetwork.kind)
        _ = try? await threads.runIfActive {
            let start = KernelClock.now
            while !bridges.allSatisfy({ root.exists("/sys/class/net/\($0)/bridge") }), KernelClock.now - start < 20 { usleep(50_000) }
            try? root.makeDirectory(Guest.logDirectory, mode: 0o755)
            for network in networks { try? libvirt.startNetwork(network) }
        }
    }

    /// Where guests' disks lie; for as long as guests are waited for. A pool behind a network may take its time, which nobody else waits for.
    private func startPools() async {
        let (root, libvirt, pools) = (root, libvirt, made(StoragePool.kind))
        guard !pools.isEmpty else { return }
        let threads = NIOThreadPool(numberOfThreads: min(pools.count, 16))
        threads.start()
        await withTaskGroup { group in
            for pool in pools {
                group.addTask {
                    while !Task.isCancelled {
                        let isActive = try? await threads.runIfActive {
                            if let target = StoragePool.target(of: pool, in: root) { try? root.makeDirectory(target, mode: 0o711) }
                            try? libvirt.startPool(pool)
                            return (try? libvirt.poolIsActive(pool)) == true
                        }
                        if isActive == true { return }
                        try? await Task.sleep(for: .milliseconds(500))
                    }
                }
            }
        }
        try? await threads.shutdownGracefully()
    }

    /// Names of items that the agent of the system before has made.
    private func made(_ kind: String) -> [String] { AgentMemory.load(from: root).items.map(\.key).filter { $0.kind == kind }.map(\.name) }
}
