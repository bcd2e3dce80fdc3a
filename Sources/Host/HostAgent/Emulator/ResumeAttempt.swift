import Glibc

/// One guest that is to go on without libvirt.
final class ResumeAttempt {
    private let root: HostRoot
    private(set) var guest: StandingGuests.Guest
    /// Of the kernel's clock.
    private let deadline: Double
    private var process: pid_t?
    private var monitor: EmulatorMonitor?

    init(root: HostRoot, guest: StandingGuests.Guest, deadline: Double) { (self.root, self.guest, self.deadline) = (root, guest, deadline) }

    /// When a step fails, its QEMU ends, and the guest, which has not run, is libvirt's.
    func step(_ body: (ResumeAttempt, EmulatorLaunch) throws(HostFailure) -> Void) {
        guard let launch = guest.launch else { return }
        do throws(HostFailure) { try body(self, launch) } catch {
            (guest.launch, guest.needsLibvirt, guest.goneOn) = (nil, error.description, nil)
            guard let process else { return }
            kill(process, SIGKILL)
            while waitpid(process, nil, 0) < 0, errno == EINTR {}
        }
    }

    func start(_ launch: EmulatorLaunch) throws(HostFailure) {
        process = try EmulatorStart(root: root, launch: launch, guest: guest.name).run()
    }

    func takeState(_ launch: EmulatorLaunch) throws(HostFailure) {
        let monitor = try EmulatorMonitor(root.path(launch.monitor), patience: max(1, Int(deadline - KernelClock.now)))
        self.monitor = monitor
        try monitor.ignoreSharedMemory(true)
        try monitor.reportMigration()
        try monitor.takeState(from: root.path(guest.state), offset: launch.stateOffset)
    }

    /// Its state is taken, and it waits for the word to go on.
    func makeReady(_ launch: EmulatorLaunch) throws(HostFailure) {
        guard let monitor, let process else { throw HostFailure(.missing, "QEMU was not started") }
        while try monitor.runState().status == "inmigrate" {
            guard KernelClock.now < deadline else { throw HostFailure(.notEffective, "QEMU does not take the state in time") }
            usleep(5000)
        }
        try monitor.ignoreSharedMemory(false)
        var threads: [Int: Int32] = [:]
        for processor in try monitor.processors() { threads[processor.index] = processor.thread }
        try leaveNotes(launch, process, threads, try monitor.characterDevices())
        guest.goneOn = .init(process: process, threads: threads, pause: Int(clamping: max(0, WallClock.milliseconds - guest.since)))
    }

    /// What fails from here on is mended when libvirt has taken it over.
    func goOn() {
        guard var goneOn = guest.goneOn, let monitor else { return }
        if guest.launch?.wasRunning == true { try? monitor.goOn() }
        goneOn.pause = Int(clamping: max(0, WallClock.milliseconds - guest.since))
        guest.goneOn = goneOn
        BootMarks(root: root).mark("guest \(guest.name) goes on after \(goneOn.pause) ms")
        // It has moved: its state is another's now.
        try? root.remove(guest.state)
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
