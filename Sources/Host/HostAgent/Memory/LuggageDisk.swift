import FoundationEssentials
import Glibc
package import HostContract

/// A file system on a disk in the host in which guests are saved while the kernel changes, where no memory is set aside for them: one that the operator
/// has given to guests, as a storage pool of the documents lies in it. All of it is seen at `place`, and a directory in it, which is root's alone,
/// where that memory would be: what one system leaves for the next lies at the same paths for both.
package struct LuggageDisk {
    package static let place = "/run/bennu/disk"
    /// The order's id follows.
    private static let prefix = ".bennu-save-"
    /// Seconds that the next system waits for the disk. Guests are lost without.
    private static let patience = 60.0

    private let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// A file system that guests can be saved in.
    package struct Candidate: Sendable, Hashable {
        package var mount: LocalMount
        package var space: LocalFileSystem
    }

    /// Those that the next kernel's system can mount by itself; the one with most room first.
    package var candidates: [Candidate] {
        mounts.compactMap { mount in
            var space = statvfs()
            guard statvfs(root.path(mount.target), &space) == 0, !mount.options.split(separator: ",").contains("ro") else { return nil }
            let free = UInt64(space.f_bavail).multipliedReportingOverflow(by: UInt64(space.f_frsize)).partialValue
            return Candidate(mount: mount, space: LocalFileSystem(path: mount.target, free: free))
        }.sorted { ($1.space.free, $0.space.path) < ($0.space.free, $1.space.path) }
    }

    /// By what the kernel and libvirt have written down: none is looked at, as one behind a network may keep us waiting.
    private var mounts: Set<LocalMount> {
        let table = MountTable(root)
        let pools = AgentMemory.load(from: root).items.map(\.key).filter { $0.kind == StoragePool.kind }.map(\.name)
        return Set(
            pools.compactMap { StoragePool.target(of: $0, in: root) }.compactMap { table.mount(of: $0) }.compactMap { try? LocalMount($0, in: root) })
    }

    /// True from when guests are about to be saved until they run again.
    private var isOpen: Bool { MountTable(root).mounts.contains { $0.target == Self.place } }

    /// Makes a directory in the file system with most room.
    /// - Parameter bytes: that are to lie there.
    /// - Returns: what the next system finds it by, and where the file system is mounted.
    package func open(_ order: String, needing bytes: UInt64) throws(HostFailure) -> (LuggageNote, path: String) {
        try discard()
        guard let disk = candidates.first else {
            throw HostFailure(.missing, "no memory is set aside for guests, and no storage pool of this host lies in a file system on a disk in it")
        }
        let path = disk.mount.target
        guard disk.space.free >= bytes else {
            throw HostFailure(.unwritable, "\(bytes >> 20) MiB are needed in \(path), and \(disk.space.free >> 20) MiB are free")
        }
        var note = LuggageNote(order: order, mount: disk.mount, directory: Self.prefix + order)
        (note.mount.target, note.mount.options) = (Self.place, "rw,nosuid,nodev,noexec")
        try root.makeDirectory(Self.place, mode: 0o700)
        try bind(path, to: Self.place)
        let directory = "\(Self.place)/\(note.directory)"
        // One that is there already is not ours.
        guard mkdir(root.path(directory), 0o700) == 0 else { throw HostRoot.failure(.unwritable, "cannot make \(path)/\(note.directory)", errno) }
        try root.makeDirectory(PersistentMemory.place, mode: 0o711)
        try bind(directory, to: PersistentMemory.place)
        for directory in [PersistentMemory.roots, PersistentMemory.states] { try root.makeDirectory(directory, mode: 0o700) }
        return (note, path)
    }

    /// The next system's first step: mounts what the one before has opened. Only for whom it was left.
    package func take() throws(HostFailure) {
        let note = try LuggageNote.load(from: root)
        guard root.kernelArguments.contains("bennu.handover=\(note.order)") else {
            throw HostFailure(.foreign, "this system was started for another order than \(note.order)")
        }
        try root.makeDirectory(Self.place, mode: 0o700)
        try note.mount.mount(in: root, until: KernelClock.now + Self.patience)
        let directory = "\(Self.place)/\(note.directory)"
        var status = stat()
        // Whoever may write beside it could have put another in its place, but none that is root's alone.
        guard lstat(root.path(directory), &status) == 0, status.st_mode == S_IFDIR | 0o700, status.st_uid == geteuid() else {
            throw HostFailure(.foreign, "\(note.directory) is not there, or not root's alone")
        }
        guard root.line("\(directory)/handover/order") == note.order else {
            throw HostFailure(.missing, "nothing was left in \(note.directory) for order \(note.order)")
        }
        try root.makeDirectory(PersistentMemory.place, mode: 0o711)
        try bind(directory, to: PersistentMemory.place)
    }

    /// Returns when all that was written is on the disk. Does nothing where none is open.
    package func flush() throws(HostFailure) {
        guard isOpen else { return }
        // syncfs(2), which says so when something could not be written.
        try Command("/usr/bin/sync", ["-f", root.path(PersistentMemory.place)]).run(in: root, seconds: 600)
    }

    /// Removes the directory, guests' memory with it. Does nothing where none is open.
    package func discard() throws(HostFailure) {
        guard isOpen else { return }
        umount2(root.path(PersistentMemory.place), Int32(MNT_DETACH))
        defer { umount2(root.path(Self.place), Int32(MNT_DETACH)) }
        try remove(in: Self.place)
    }

    /// Removes what a change of the kernel left that was not completed. The host was started anew since, and its guests, too.
    /// - Returns: the directories.
    package func sweep() -> [String] {
        guard !isOpen else { return [] }
        return mounts.flatMap { mount in (try? remove(in: mount.target)) ?? [] }
    }

    @discardableResult
    private func remove(in place: String) throws(HostFailure) -> [String] {
        let directories = root.list(place).filter { $0.hasPrefix(Self.prefix) }.map { "\(place)/\($0)" }
        for directory in directories {
            try Command("/usr/bin/rm", ["-rf", "--one-file-system", root.path(directory)]).run(in: root, seconds: 300)
        }
        return directories
    }

    private func bind(_ source: String, to target: String) throws(HostFailure) {
        try Command("/usr/bin/mount", ["--bind", root.path(source), root.path(target)]).run(in: root)
    }
}

/// What the next system finds the disk by. It travels in the initrd, beside the root.
package struct LuggageNote: Codable, Sendable, Hashable {
    package var order: String
    /// At `LuggageDisk.place`.
    package var mount: LocalMount
    /// Its name in the file system.
    package var directory: String

    /// In the initrd.
    static let name = "luggage.json"
    /// Where the initrd puts it for the agent.
    package static let file = "/run/bennu/" + name

    package func encoded() throws(HostFailure) -> [UInt8] {
        guard let data = try? JSONEncoder().encode(self) else { throw HostFailure(.unwritable, "cannot encode where guests are saved") }
        return Array(data)
    }

    static func load(from host: HostRoot) throws(HostFailure) -> LuggageNote {
        guard let bytes = try host.read(file), let note = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
            throw HostFailure(.missing, "\(file) is not there, or cannot be read")
        }
        return note
    }
}
