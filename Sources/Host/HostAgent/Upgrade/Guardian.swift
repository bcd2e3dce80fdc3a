import Glibc

/// The way back: a process from the old root that outlives the soft reboot, and goes back to the old root when the new one is not
/// operational in time. It runs no program and asks nobody: what it needs was made ready before the old root was left.
package struct Guardian {
    static let unit = "bennu-guard.service"
    static let unitFile = "/run/systemd/system/bennu-guard.service"
    static let directory = "/run/bennu/guard"
    /// Written by the guardian when it holds the old root: the order.
    static let readyFile = directory + "/ready"
    /// Written by the agent of the new root when it is operational: holds the order.
    static let arrivedFile = directory + "/arrived"
    /// Written by the guardian when it goes back: why.
    static let reasonFile = directory + "/reason"

    let root: HostRoot
    let order: String
    /// Seconds, from the guardian's own start.
    let deadline: Int

    /// Starts the guardian as a unit of its own. systemd.unit(5), SurviveFinalKillSignal=, has the list of what such a unit must say.
    static func start(in root: HostRoot, order: String, deadline: Int) throws(HostFailure) {
        let goals = "reboot.target kexec.target poweroff.target halt.target rescue.target emergency.target"
        let text = """
            [Unit]
            Description=Bennu: the way back to the former root
            DefaultDependencies=no
            SurviveFinalKillSignal=yes
            IgnoreOnIsolate=yes
            Conflicts=\(goals)
            Before=\(goals)

            [Service]
            Type=exec
            ExecStart=/usr/lib/bennu/bennu-agent guard \(order) \(deadline)
            StandardOutput=null
            StandardError=null
            OOMScoreAdjust=-900

            """
        for file in [readyFile, arrivedFile, reasonFile] { try root.remove(file) }
        try root.makeDirectory(directory, mode: 0o700)
        try root.write(unitFile, Array(text.utf8))
        try systemctl(["daemon-reload"], in: root)
        try systemctl(["restart", unit], in: root)
        let start = KernelClock.now
        while root.line(readyFile) != order {
            guard KernelClock.now - start < 60 else { throw HostFailure(.notEffective, "the guardian does not hold the former root: no way back") }
            usleep(100_000)
        }
    }

    /// Ends the guardian; succeeds when there is none.
    static func stop(in root: HostRoot) {
        try? systemctl(["stop", unit], in: root)
        try? root.remove(unitFile)
        for file in [readyFile, arrivedFile, reasonFile] { try? root.remove(file) }
    }

    private static func systemctl(_ arguments: [String], in root: HostRoot) throws(HostFailure) {
        try Command("/usr/bin/systemctl", arguments).run(in: root)
    }

    /// Waits for the new system; returns when it has arrived, or when the way back has been taken.
    package func run() {
        let marks = BootMarks(root: root)
        // A soft reboot takes no mount below /run along. One that has no place in any tree, only this descriptor, stays.
        let fallback = open_tree(AT_FDCWD, root.path(NextRoot.fallbackPlace), UInt32(OPEN_TREE_CLONE))
        guard fallback >= 0 else { return marks.mark("guardian: cannot hold the former root, error \(errno)") }
        defer { close(fallback) }
        try? root.write(Self.readyFile, Array(order.utf8))
        watch(marks, fallback)
    }

    private func watch(_ marks: BootMarks, _ fallback: Int32) {
        let start = KernelClock.now
        while KernelClock.now - start < Double(deadline) {
            if root.line(Self.arrivedFile) == order { return }
            sleep(1)
        }
        if root.line(Self.arrivedFile) == order { return }
        let reason = "not operational within \(deadline) s"
        marks.mark("guardian: \(reason), going back to the former root")
        try? root.write(Self.reasonFile, Array((reason + "\n").utf8))
        guard place(fallback) else { return marks.mark("guardian: the former root is gone, staying") }
        goBack()
    }

    private func place(_ fallback: Int32) -> Bool {
        let place = root.path(NextRoot.place)
        NextRoot.clear(place)
        mkdir(place, 0o755)
        // Private, so that running guests do not hold it too.
        _ = mount(place, place, nil, UInt(MS_BIND), nil)
        _ = mount(nil, place, nil, UInt(MS_PRIVATE), nil)
        return move_mount(fallback, "", AT_FDCWD, place, UInt32(MOVE_MOUNT_F_EMPTY_PATH)) == 0
    }

    /// systemd(1), SIGNALS: SIGRTMIN+7 asks for a soft reboot, SIGRTMIN+17 takes it at once.
    private func goBack() {
        let before = root.identity
        let first = __libc_current_sigrtmin()
        kill(1, first + 7)
        for _ in 0..<120 {
            sleep(1)
            if root.identity != before { return }
        }
        kill(1, first + 17)
    }
}
