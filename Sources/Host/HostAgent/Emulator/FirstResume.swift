import Glibc
import HostContract

/// Has guests go on as the first thing that a new kernel does: before there is a service manager, a libvirt or a network. What libvirt wants to know
/// about them lies ready when it comes. A guest that cannot go on this way does so by libvirt, as soon as that is there.
package struct FirstResume {
    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// Seconds in which a QEMU has to come up and take its state.
    static let patience = 60

    package func run() {
        guard let standing = StandingGuests.load(from: root), standing.guests.contains(where: { $0.launch != nil }) else { return }
        let wayBack = WayBack(root: root)
        guard wayBack.hold() else { return }
        prepare(standing.guests.compactMap(\.launch))
        let attempts = standing.guests.map { ResumeAttempt(root: root, guest: $0) }
        // Side by side as far as they go.
        for attempt in attempts { attempt.step { attempt, launch throws(HostFailure) in try attempt.start(launch) } }
        for attempt in attempts { attempt.step { attempt, launch throws(HostFailure) in try attempt.takeState(launch) } }
        for attempt in attempts { attempt.step { attempt, launch throws(HostFailure) in try attempt.finish(launch) } }
        let guests = attempts.map(\.guest)
        try? StandingGuests(guests: guests).save(to: root)
        wayBack.release(goneOn: guests.contains { $0.goneOn != nil })
    }

    /// Drivers that udev would load later, and limits that systemd would set.
    private func prepare(_ launches: [EmulatorLaunch]) {
        var modules: [String] = []
        if launches.contains(where: { !$0.taps.isEmpty }) { modules.append("tun") }
        if launches.contains(where: { $0.descriptors.values.contains(.vhostNet) }) { modules.append("vhost_net") }
        if launches.contains(where: { $0.arguments.contains { $0 == "kvm" || $0.hasPrefix("kvm,") } }), let alias = root.line(Self.processor) {
            modules.append(alias)
        }
        if !modules.isEmpty { try? Command("/usr/sbin/modprobe", ["-a", "-q"] + modules).run(in: root) }
        try? root.makeDirectory(Guest.logDirectory, mode: 0o755)
        for (kind, value) in [(RLIMIT_NOFILE, rlim_t(524_288)), (__RLIMIT_MEMLOCK, rlim_t(64 << 20))] {
            var limit = rlimit(rlim_cur: value, rlim_max: value)
            setrlimit(__rlimit_resource_t(kind.rawValue), &limit)
        }
    }

    private static let processor = "/sys/devices/system/cpu/modalias"
}
