import Glibc

/// One guest that is to go on without libvirt.
final class ResumeAttempt {
    private let root: HostRoot
    private(set) var guest: StandingGuests.Guest
    private var process: pid_t?
    private var monitor: EmulatorMonitor?

    init(root: HostRoot, guest: StandingGuests.Guest) { (self.root, self.guest) = (root, guest) }

    /// When a step fails, its QEMU ends, and the guest is libvirt's.
    func step(_ body: (ResumeAttempt, EmulatorLaunch) throws(HostFailure) -> Void) {
        guard let launch = guest.launch else { return }
        do throws(HostFailure) { try body(self, launch) } catch {
            (guest.launch, guest.needsLibvirt) = (nil, error.description)
            guard let process else { return }
            kill(process, SIGKILL)
            while waitpid(process, nil, 0) < 0, errno == EINTR {}
        }
    }

    func start(_ launch: EmulatorLaunch) throws(HostFailure) {
        process = try EmulatorStart(root: root, launch: launch, guest: guest.name).run()
    }

    func takeState(_ launch: EmulatorLaunch) throws(HostFailure) {
        let monitor = try EmulatorMonitor(root.path(launch.monitor), patience: FirstResume.patience)
        self.monitor = monitor
        try monitor.ignoreSharedMemory(true)
        try monitor.reportMigration()
        try monitor.takeState(from: root.path(guest.state), offset: launch.stateOffset)
    }

    func finish(_ launch: EmulatorLaunch) throws(HostFailure) {
        guard let monitor, let process else { return }
        try wait(for: monitor, isRunning: launch.wasRunning)
        let pause = Int(clamping: max(0, WallClock.milliseconds - guest.since))
        BootMarks(root: root).mark("guest \(guest.name) goes on after \(pause) ms")
        // It has moved: from here on its state is another's.
        try root.remove(guest.state)
        try monitor.ignoreSharedMemory(false)
        var threads: [Int: Int32] = [:]
        for processor in try monitor.processors() { threads[processor.index] = processor.thread }
        try leaveNotes(launch, process, threads, try monitor.characterDevices())
        guest.goneOn = .init(process: process, threads: threads, pause: pause)
    }

    private func wait(for monitor: EmulatorMonitor, isRunning: Bool) throws(HostFailure) {
        let start = KernelClock.now
        while true {
            let state = try monitor.runState()
            if state.running || (!isRunning && state.status != "inmigrate") { return }
            guard KernelClock.now - start < Double(FirstResume.patience) else {
                throw HostFailure(.notEffective, "QEMU is \(state.status) after \(FirstResume.patience) s")
            }
            usleep(5000)
        }
    }

    /// What the first libvirtd finds the guest by.
    private func leaveNotes(
        _ launch: EmulatorLaunch, _ process: pid_t, _ threads: [Int: Int32], _ devices: [EmulatorMonitor.CharacterDevice]
    ) throws(HostFailure) {
        var terminals: [String: String] = [:]
        let old = GuestDevices(launch.status, below: "domain")
        for device in devices where device.filename.hasPrefix("pty:") && device.label.hasPrefix("char") {
            if let path = old?.terminal(of: String(device.label.dropFirst(4))) { terminals[path] = String(device.filename.dropFirst(4)) }
        }
        guard let status = DomainStatus(launch.status, process: process, threads: threads, terminals: terminals) else {
            throw HostFailure(.unreadable, "libvirt's notes about guest \(guest.name) cannot be read")
        }
        try root.write("/run/libvirt/qemu/\(guest.name).xml", Array(status.text.utf8), mode: 0o600)
        try root.write("/run/libvirt/qemu/\(guest.name).pid", Array("\(process)\n".utf8))
    }
}
