import Glibc
import HostContract

/// Has guests go on as the first thing that a new kernel does: before there is a service manager, a libvirt or a network. What libvirt wants to know
/// about them lies ready when it comes. A guest that cannot go on this way does so by libvirt, as soon as that is there.
///
/// No guest runs before it is written down that it does: until then its QEMU can end and its state is whole, from then on it is as good as running.
package struct FirstResume {
    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// Seconds for all of it; the initrd waits somewhat longer.
    private static let patience = 90.0
    /// Seconds for disks to appear.
    private static let patienceWithDisks = 30.0

    package func run() {
        guard var standing = StandingGuests.load(from: root), standing.guests.contains(where: { $0.launch != nil }) else { return }
        let wayBack = WayBack(root: root)
        guard wayBack.hold(goingOn: false) else { return }
        prepare(standing.guests.compactMap(\.launch))
        let deadline = KernelClock.now + Self.patience
        let attempts = standing.guests.map { ResumeAttempt(root: root, guest: $0, deadline: deadline) }
        // Those that need nothing but memory wait for no disk.
        let late = attempts.indices.filter { attempts[$0].guest.launch?.mounts?.isEmpty == false }
        carryOn(attempts, attempts.indices.filter { !late.contains($0) }, &standing, wayBack)
        if !late.isEmpty {
            mount(late.map { attempts[$0] }, until: min(deadline, KernelClock.now + Self.patienceWithDisks))
            carryOn(attempts, late, &standing, wayBack)
        }
        try? standing.save(to: root)
        wayBack.release()
    }

    /// Side by side as far as they go.
    private func carryOn(_ attempts: [ResumeAttempt], _ chosen: [Int], _ standing: inout StandingGuests, _ wayBack: WayBack) {
        for index in chosen { attempts[index].step { attempt, launch throws(HostFailure) in try attempt.start(launch) } }
        for index in chosen { attempts[index].step { attempt, launch throws(HostFailure) in try attempt.takeState(launch) } }
        for index in chosen {
            attempts[index].step { attempt, launch throws(HostFailure) in
                try attempt.makeReady(launch)
                standing.guests[index] = attempt.guest
                try standing.save(to: root)
                wayBack.goOn()
            }
            attempts[index].goOn()
            standing.guests[index] = attempts[index].guest
        }
    }

    /// A guest whose disk does not come is libvirt's.
    private func mount(_ attempts: [ResumeAttempt], until deadline: Double) {
        var outcomes: [LocalMount: Result<Void, HostFailure>] = [:]
        for attempt in attempts {
            attempt.step { attempt, launch throws(HostFailure) in
                for mount in launch.mounts ?? [] {
                    let outcome = outcomes[mount] ?? Result { () throws(HostFailure) in try mount.mount(in: root, until: deadline) }
                    outcomes[mount] = outcome
                    try outcome.get()
                }
            }
        }
    }

    /// Drivers that udev would load later, a node as udev would make it, and limits that systemd would set.
    private func prepare(_ launches: [EmulatorLaunch]) {
        var modules: [String] = []
        if launches.contains(where: { !$0.taps.isEmpty }) { modules.append("tun") }
        if launches.contains(where: { $0.descriptors.values.contains(.vhostNet) }) { modules.append("vhost_net") }
        let needsKVM = launches.contains { $0.arguments.contains { $0 == "kvm" || $0.hasPrefix("kvm,") } }
        if needsKVM, let alias = root.line(Self.processor) { modules.append(alias) }
        if !modules.isEmpty { try? Command("/usr/sbin/modprobe", ["-a", "-q"] + modules).run(in: root, seconds: 30) }
        if needsKVM { openKVM() }
        try? root.makeDirectory(Guest.logDirectory, mode: 0o755)
        for (kind, value) in [(RLIMIT_NOFILE, rlim_t(524_288)), (__RLIMIT_MEMLOCK, rlim_t(64 << 20))] {
            var limit = rlimit(rlim_cur: value, rlim_max: value)
            setrlimit(__rlimit_resource_t(kind.rawValue), &limit)
        }
    }

    /// The kernel makes it root's alone; systemd's rule of udev gives it to this group.
    private func openKVM() {
        let groups = (try? root.read("/etc/group")).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let line = groups.split(separator: "\n").first { $0.hasPrefix("kvm:") }?.split(separator: ":", omittingEmptySubsequences: false)
        guard let line, line.count > 2, let group = gid_t(line[2]) else { return }
        let start = KernelClock.now
        while !root.exists(Self.kvm), KernelClock.now - start < 2 { usleep(10_000) }
        chown(root.path(Self.kvm), 0, group)
        chmod(root.path(Self.kvm), 0o660)
    }

    private static let kvm = "/dev/kvm"
    private static let processor = "/sys/devices/system/cpu/modalias"
}
