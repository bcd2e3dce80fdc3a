import Glibc
import HostContract

/// Guests that went on in a system that does not come up stand once more, for the former system to have them. Runs in the root of that one, which is
/// known to work; what guests changed meanwhile comes along, too.
package struct SecondStand {
    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    private static let keep = "/run/keep"
    private static let taken = PersistentMemory.takenOver + "/run"
    /// Where the new root's changes are.
    private static let logs = "/run/bennu/upper/root" + Guest.logDirectory

    /// All of them that have not ended, or none.
    /// - Throws: when they go on as they did.
    package func run() throws(HostFailure) {
        do throws(HostFailure) {
            for (guest, launch) in running {
                let monitor = try EmulatorMonitor(root.path(launch.secondMonitor), patience: Self.patience)
                try monitor.ignoreSharedMemory(true)
                try StateFile(root: root, guest: guest, launch: launch).write { command throws(HostFailure) in try monitor.command(command) }
            }
            try bringAlong()
        } catch {
            undo()
            throw error
        }
    }

    /// They go on as they did. Nothing, for those that do.
    package func undo() {
        for (_, launch) in running {
            guard let monitor = try? EmulatorMonitor(root.path(launch.secondMonitor), patience: Self.patience) else { continue }
            try? monitor.ignoreSharedMemory(false)
            if launch.wasRunning { try? monitor.goOn() }
        }
    }

    /// Seconds that a QEMU has to answer.
    private static let patience = 60

    private var running: [(StandingGuests.Guest, EmulatorLaunch)] {
        (StandingGuests.load(from: root)?.guests ?? []).compactMap { guest in
            guard let goneOn = guest.goneOn, let launch = guest.launch, goneOn.isAlive(guest.uuid, in: root) else { return nil }
            return (guest, launch)
        }
    }

    /// What a guest stood for before counts with what it stands for from now on; what it ran for does not.
    private func countPauses() throws(HostFailure) {
        let inside = HostRoot(root.path(PersistentMemory.takenOver))
        guard var former = StandingGuests.load(from: inside) else { throw HostFailure(.missing, "nobody wrote down which guests stood") }
        for (guest, _) in running {
            guard let place = former.guests.firstIndex(where: { $0.uuid == guest.uuid }), let goneOn = guest.goneOn else { continue }
            former.guests[place].since = WallClock.milliseconds - Int64(clamping: goneOn.pause)
        }
        try former.save(to: inside)
    }

    /// Disks in memory, and what guests wrote to their consoles.
    private func bringAlong() throws(HostFailure) {
        try Command("/usr/bin/rm", ["-rf", "--one-file-system", root.path(Self.taken + "/keep")]).run(in: root, seconds: 300)
        try Command("/usr/bin/cp", ["-a", "--one-file-system", "--sparse=always", root.path(Self.keep), root.path(Self.taken) + "/"]).run(
            in: root, seconds: 600)
        let autostart = Self.taken + "/keep/etc-libvirt-qemu/autostart"
        for link in root.list(autostart) { try root.remove("\(autostart)/\(link)") }
        try countPauses()
        let place = PersistentMemory.takenOver + "/root" + Guest.logDirectory
        guard root.isDirectory(Self.logs) else { return }
        try root.makeDirectory(place, mode: 0o755)
        try? Command("/usr/bin/cp", ["-a", root.path(Self.logs) + "/.", root.path(place) + "/"]).run(in: root, seconds: 300)
        sync()
    }
}
