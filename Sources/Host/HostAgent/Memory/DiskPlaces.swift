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
        if path.hasPrefix(Self.carried) { return true }
        return !["tmpfs", "ramfs", "rootfs", "overlay"].contains(MountTable(root).mount(of: path)?.kind)
    }

    /// What has to be mounted before the files are there.
    /// - Throws: when that takes more than a disk in this host.
    package func mounts(below files: [String]) throws(NeedsLibvirt) -> [LocalMount] {
        let table = MountTable(root)
        var mounts: Set<LocalMount> = []
        for file in files {
            guard let path = realPath(file) else { throw NeedsLibvirt(reason: "disk \(file) is not to be seen") }
            if Self.early.contains(where: { path.hasPrefix($0) }) { continue }
            guard let mount = table.mount(of: path) else { throw NeedsLibvirt(reason: "disk \(file) is nowhere that is mounted") }
            mounts.insert(try LocalMount(mount, in: root))
        }
        return mounts.sorted { $0.target < $1.target }
    }

    /// Without links.
    private func realPath(_ file: String) -> String? {
        guard let real = realpath(root.path(file), nil) else { return nil }
        defer { free(real) }
        return String(String(cString: real).dropFirst(root.path("").count))
    }
}
