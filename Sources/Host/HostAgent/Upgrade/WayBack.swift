import Glibc

/// The way back over a change of the kernel, until an agent has taken the new system over: its initrd loads the former kernel, and a process of that
/// waits for the agent (initrd-guard.sh). Who acts is decided by the name of one file, which both change by rename(2) only.
package struct WayBack {
    private enum Name: String, CaseIterable {
        /// The guard is loading the former kernel.
        case arming
        /// The former system can be gone back to.
        case armed
        /// The agent has guests go on, or has come up: nobody else goes back.
        case held
        /// The agent asks to go back; holds its reason.
        case back
        /// The guard is about to go back.
        case leaving
        /// It does.
        case going
        /// An agent has its guests, or nobody could go back. There is no way back any more.
        case closed
    }
    static let directory = "/run/bennu/return"
    /// Guests have gone on, and stand once more if the host goes back.
    static let goneOn = directory + "/gone-on"
    /// In every system: the agent has come up.
    static let alive = directory + "/alive"

    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// True while the former system can be gone back to: what is needed for that must stay.
    package var isOpen: Bool { Name.allCases.contains { $0 != .closed && exists($0) } }

    /// - Parameter goingOn: guests go on at once; else `goOn` says when.
    /// - Returns: false when the host is going back already: no guest may go on here.
    package func hold(goingOn: Bool = true) -> Bool {
        // Twice the first, as the guard may have renamed it in between.
        let isOurs = change(.armed, to: .held) || change(.arming, to: .held) || change(.armed, to: .held) || exists(.held)
        if !isOurs {
            if exists(.back) || exists(.leaving) || exists(.going) { return false }
            close()
        }
        if goingOn { shutCrashKernel() }
        return true
    }

    /// Whoever holds it lets go, until an agent has come up: the guard may act again. Guests that have gone on stand once more then.
    package func release() {
        // A guard that could not load the former kernel is not there any more.
        if exists(.closed) { try? root.remove(path(.held)) } else { _ = change(.held, to: .armed) }
    }

    /// Before the first guest goes on.
    package func goOn() {
        guard root.isDirectory(Self.directory) else { return }
        shutCrashKernel()
        try? root.write(Self.goneOn, [])
    }

    /// In the memory that outlives a panic, and written through: the former kernel, started by one, looks there first.
    private func shutCrashKernel() {
        let file = open(root.path(FormerSystem.goingOn), O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return }
        defer { Glibc.close(file) }
        _ = pwrite(file, "1", 1, 0)
        fsync(file)
    }

    /// Guests go on. Does nothing where no initrd has left anything.
    package func close() {
        guard root.isDirectory(Self.directory), !change(.held, to: .closed) else { return }
        try? root.write(path(.closed), [])
    }

    /// Goes back, and waits for it. Only for whoever holds it.
    /// - Returns: when there is no way back, or it was not taken within two minutes.
    package func take(because reason: String) {
        guard exists(.held), (try? root.write(path(.held), Array((reason + "\n").utf8))) != nil, change(.held, to: .back) else { return }
        stay()
    }

    /// Waits for the kernel to change. When that has not begun within two minutes, whoever was to do it is not there, and there is no way back.
    func stay() {
        sleep(120)
        // The guard takes its last step only if it finds one of these.
        for name in [Name.back, .leaving] { _ = change(name, to: .closed) }
        while exists(.going) { sleep(1) }
    }

    /// Tells the initrd's guard that this system has an agent; too late when that is starting the host anew already.
    package func showLife() {
        guard root.isDirectory(Self.directory), rename(root.path(Self.directory + "/waiting"), root.path(Self.alive)) != 0 else { return }
        try? root.write(Self.alive, [])
    }

    private func path(_ name: Name) -> String { "\(Self.directory)/\(name.rawValue)" }
    private func exists(_ name: Name) -> Bool { root.exists(path(name)) }
    private func change(_ old: Name, to new: Name) -> Bool { rename(root.path(path(old)), root.path(path(new))) == 0 }
}
