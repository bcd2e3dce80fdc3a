import Glibc

/// What becomes of the files that guests' disks are, when the kernel changes.
package struct DiskPlaces {
    private let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// Carried over by the initrd, or mounted by it.
    private static let early = [carried, PersistentMemory.place + "/"]
    private static let carried = "/run/keep/"

    /// On a disk or a network, or carried over.
    package func outlivesKernel(_ file: String) -> Bool {
        guard let path = realPath(file) else { return true }
        let mount = MountTable(root).mount(of: path)
        if isEarly(path, mount) { return true }
        return !["tmpfs", "ramfs", "rootfs", "overlay"].contains(mount?.kind)
    }

    /// That by which a file is reached, which it shares with others: a mount or a device. By its name alone, as the file may be behind a server that
    /// is away. `nil` for what is carried in memory.
    func storage(of file: String) -> String? {
        let mount = MountTable(root).mount(of: file)
        if isEarly(file, mount) { return nil }
        return file.hasPrefix("/dev/") ? file : mount?.target ?? file
    }

    /// The program of this system without which the file is not there: a file system in user space, or a block device of a client's.
    package func program(below file: String) -> String? {
        // By its name alone, where that says enough: the file may be behind a server that is away.
        let named = MountTable(root).mount(of: file)
        let path = ["tmpfs", "rootfs", "overlay"].contains(named?.kind) ? realPath(file) : file
        guard let path else { return nil }
        // nbd-client, qemu-nbd and rbd-nbd (their kernel driver's devices), and ublk's servers.
        if let device = ["/dev/nbd", "/dev/ublkb"].first(where: { path.hasPrefix($0) }) { return "the program below \(device)…" }
        let mount = MountTable(root).mount(of: path)
        guard let mount, mount.kind.hasPrefix("fuse") else { return nil }
        return "\(mount.kind) at \(mount.target)"
    }

    /// What has to be mounted before the files are there.
    /// - Throws: when that takes more than a disk in this host.
    package func mounts(below files: [String]) throws(NeedsLibvirt) -> [LocalMount] {
        let table = MountTable(root)
        var mounts: Set<LocalMount> = []
        for file in files {
            guard let path = realPath(file) else { throw NeedsLibvirt(reason: "disk \(file) is not to be seen") }
            let mount = table.mount(of: path)
            if isEarly(path, mount) { continue }
            guard let mount else { throw NeedsLibvirt(reason: "disk \(file) is nowhere that is mounted") }
            // In which order they were mounted decides what is seen.
            if table.mounts.contains(where: { Self.isNested($0.target, mount.target) }) {
                throw NeedsLibvirt(reason: "\(mount.target) has to do with other mounts")
            }
            mounts.insert(try LocalMount(mount, in: root))
        }
        return mounts.sorted { $0.target < $1.target }
    }

    /// True unless another file system is mounted there: that does not come along by itself.
    private func isEarly(_ path: String, _ mount: MountTable.Mount?) -> Bool {
        Self.early.contains { path.hasPrefix($0) && !(mount?.target.hasPrefix($0) ?? false) }
    }

    /// One is below the other, and neither is the root.
    private static func isNested(_ one: String, _ other: String) -> Bool {
        one != "/" && other != "/" && (one.hasPrefix(other + "/") || other.hasPrefix(one + "/"))
    }

    /// Without links.
    private func realPath(_ file: String) -> String? {
        guard let real = realpath(root.path(file), nil) else { return nil }
        defer { free(real) }
        return String(String(cString: real).dropFirst(root.path("").count))
    }
}
