import Glibc
import HostContract
import Primitives

/// What a system leaves in kept memory for the one under the next kernel: all that a soft reboot would find in /run, and what the initrd and
/// the claim would have brought. The initrd copies `run` over /run and `root` over the new root; of the former system, `returned` over that.
struct KernelHandover {
    let root: HostRoot
    let order: UpgradeOrder

    private static let orderFile = "/order"
    private static let autostart = "/run/keep/etc-libvirt-qemu/autostart"
    /// As the next kernel will see it; below it paths are as they are there.
    private var inside: HostRoot { HostRoot(root.path(PersistentMemory.handover)) }

    /// Makes everything ready that does not change until the guests stand.
    /// - Parameter former: the root that runs, which the host may come back to.
    func prepare(image: Digest, former: Digest, machineID: String) throws(HostFailure) {
        PersistentMemory(root: root).forgetHandover()
        for directory in ["/root", "/returned"] { try root.makeDirectory(PersistentMemory.handover + directory, mode: 0o755) }
        let next = HostRoot(inside.path("/root"))
        // Said before libvirtd starts, so that it need not start again for it.
        try inside.write("/libvirtd.conf", Array((try LibvirtIdentity.setting(for: machineID) + "\n").utf8))
        try next.write("/etc/machine-id", Array((machineID + "\n").utf8), mode: 0o444)
        if let servers = try root.read("/etc/resolv.conf") { try next.write("/etc/resolv.conf", servers) }
        if let name = root.line("/proc/sys/kernel/hostname") { try next.write("/etc/hostname", Array((name + "\n").utf8)) }
        EmulatorKnowledge(root: root).copy(into: next)
        try RootIdentity(root: image, order: order.id, isFallback: false).save(to: next)
        try RootIdentity(root: former, order: order.id, isFallback: true).save(to: HostRoot(inside.path("/returned")))
        try inside.write("/regions", Array(PersistentMemory(root: root).places.utf8))
        for directory in ["/run/bennu", "/run/systemd"] { try inside.makeDirectory(directory, mode: 0o755) }
    }

    /// The guests stand; from here on nothing may change but this. The order's name is written last: without it the initrd takes nothing over.
    func complete(_ guests: StandingGuests, under grant: ClaimGrant, nonce: String, handover: BootHandover, image: Digest) throws(HostFailure) {
        for file in [BootHandover.bootFile, BootHandover.siteKeyFile] { try copy(file, into: "/run/bennu") }
        for directory in ["/run/bennu/agent", "/run/bennu/ssh"] where root.isDirectory(directory) { try copy(directory, into: "/run/bennu") }
        if root.isDirectory("/run/systemd/network") { try copy("/run/systemd/network", into: "/run/systemd") }
        try copy("/run/keep", into: "/run")
        // libvirtd would start a guest from nothing over the memory in which it stands.
        for link in inside.list(Self.autostart) { try inside.remove("\(Self.autostart)/\(link)") }
        if root.isDirectory("/etc/libvirt/storage") {
            try inside.makeDirectory("/root/etc/libvirt", mode: 0o755)
            try copy("/etc/libvirt/storage", into: "/root/etc/libvirt")
        }
        // Its notes about networks that guests are plugged into; those about guests come with the guests.
        if root.isDirectory("/run/libvirt/network") {
            try inside.makeDirectory("/run/libvirt", mode: 0o755)
            try copy("/run/libvirt/network", into: "/run/libvirt")
            for file in ["driver.pid", "autostarted"] { try inside.remove("/run/libvirt/network/\(file)") }
        }
        try copyLogs()
        try handover.succeed(boot: grant.boot, nonce: nonce, image: image, in: inside)
        try BootHandover.keep(grant, in: inside)
        var memory = AgentMemory.load(from: root)
        // Device and inode of two kernels' roots may well be equal.
        memory.root = "left with \(order.id)"
        try memory.save(to: inside)
        try guests.save(to: inside)
        try inside.remove(PendingSuccession.file)
        try inside.write(Self.orderFile, Array((order.id + "\n").utf8))
    }

    private func copy(_ path: String, into directory: String) throws(HostFailure) {
        // Disks in memory are sparse, and stay so.
        try Command("/usr/bin/cp", ["-a", "--one-file-system", "--sparse=always", root.path(path), inside.path(directory) + "/"]).run(
            in: root, seconds: 600)
    }

    /// What guests wrote to their consoles, unless it is much.
    private func copyLogs() throws(HostFailure) {
        let logs = root.list(Guest.logDirectory).map { "\(Guest.logDirectory)/\($0)" }.filter { root.size($0) < 4 << 20 }
        guard !logs.isEmpty else { return }
        let place = "/root" + Guest.logDirectory
        try inside.makeDirectory(place, mode: 0o755)
        for log in logs.prefix(200) { try copy(log, into: place) }
    }
}
