import Glibc

/// The way back over a change of the kernel, as long as no guest has gone on: the initrd of the new system has loaded the former kernel, and a
/// process of it waits for the agent (initrd-guard.sh). One of two names wins, by rename(2): `held`, ours, or `leaving`, its.
package struct WayBack {
    static let directory = "/run/bennu/return"
    /// The former system can be gone back to.
    static let armed = directory + "/armed"
    /// The agent is about to have guests go on: nobody else goes back.
    static let held = directory + "/held"
    /// Holds the agent's reason to go back.
    static let back = directory + "/back"
    /// Guests go on. There is no way back any more.
    static let closed = directory + "/closed"
    /// The host is going back.
    static let leaving = directory + "/leaving"
    /// In every system: the agent has come up.
    static let alive = directory + "/alive"

    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// True while the former system can be gone back to: what is needed for that must stay.
    package var isOpen: Bool { [Self.armed, Self.held, Self.back, Self.leaving].contains { root.exists($0) } }

    /// - Returns: false when the host is going back already: no guest may go on here.
    package func hold() -> Bool {
        guard rename(Self.armed, Self.held) || !(root.exists(Self.back) || root.exists(Self.leaving)) else { return false }
        shutCrashKernel()
        return true
    }

    /// In the memory that outlives a panic, and written through: the former kernel, started by one, looks there first.
    private func shutCrashKernel() {
        let file = open(root.path(FormerSystem.goingOn), O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return }
        defer { Glibc.close(file) }
        _ = pwrite(file, "1", 1, 0)
        fsync(file)
    }

    /// Guests go on.
    package func close() { _ = rename(Self.held, Self.closed) }

    /// Goes back, and waits for it.
    /// - Returns: when there is no way back, or it was not taken within a minute.
    package func take(because reason: String) {
        guard root.exists(Self.held), (try? root.write(Self.held, Array((reason + "\n").utf8))) != nil, rename(Self.held, Self.back) else { return }
        stay()
    }

    /// Waits for the kernel to change. When that has not come within two minutes, whoever was to do it is not there, and there is no way back.
    func stay() {
        sleep(120)
        for file in [Self.back, Self.leaving] { _ = rename(file, Self.closed) }
    }

    /// Tells the initrd's guard that this system has an agent.
    package func showLife() {
        guard root.isDirectory(Self.directory) else { return }
        try? root.write(Self.alive, [])
    }

    private func rename(_ old: String, _ new: String) -> Bool { Glibc.rename(root.path(old), root.path(new)) == 0 }
}
