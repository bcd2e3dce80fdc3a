import FoundationEssentials
import Glibc
package import HostContract
package import Primitives

/// The root images that this host holds in memory, each a file named by its digest. One is freed when nothing runs from it any more.
///
/// They lie in /run itself: a soft reboot takes /run along, and nothing that is mounted below it (systemd's switch-root.c). What is in use
/// lives on without its name, below its loop device; the initrd's own, in a file system of its own, does so from the first soft reboot on.
package struct RootShelf: Sendable {
    package static let directory = "/run/bennu/roots"
    /// Where the initrd puts the image it starts.
    static let firstDirectory = "/run/bennu/image"

    let root: HostRoot

    package init(root: HostRoot) { self.root = root }

    package static func path(of digest: Digest) -> String { "\(directory)/\(digest.hexadecimal).img" }

    /// Gives the initrd's image the name that all others have, so that its loop device tells what it is.
    package func settle() {
        let first = Self.firstDirectory + "/root.img"
        guard root.exists(first), let digest = RootIdentity.ofInitrd(root) else { return }
        rename(root.path(first), root.path("\(Self.firstDirectory)/\(digest.hexadecimal).img"))
    }

    /// In the order of their digests.
    package func roots(running: Digest?) -> [RootInMemory] {
        let (loops, files) = (loops, files)
        return Set(loops.keys).union(files).sorted().map { digest in
            let file = file(of: digest)
            let sectors = loops[digest].flatMap { root.line("/sys/block/\($0)/size") }.flatMap { Int64($0) } ?? 0
            let bytes = file.map { Int64(clamping: root.size($0)) } ?? sectors.multipliedReportingOverflow(by: 512).partialValue
            return RootInMemory(root: digest, bytes: bytes, isInUse: digest == running || loops[digest] != nil)
        }
    }

    /// What a root can be mounted from: its loop device, if something runs from it already, else its file; `nil` when it is not here.
    package func source(of digest: Digest) -> (path: String, isDevice: Bool)? {
        if let device = loops[digest] { return ("/dev/\(device)", true) }
        return file(of: digest).map { ($0, false) }
    }

    /// Lets go of every root that nothing runs from.
    /// - Returns: those that are gone now.
    package func free(running: Digest?) -> [RootInMemory] {
        guard let running else { return [] }
        return roots(running: running).filter { !$0.isInUse && (try? remove($0.root)) != nil }
    }

    /// A change of the kernel takes its root from the memory that it keeps; there it lies beside the guests.
    private static let directories = [directory, PersistentMemory.roots]

    private func file(of digest: Digest) -> String? {
        Self.directories.map { "\($0)/\(digest.hexadecimal).img" }.first { root.exists($0) }
    }

    private func remove(_ digest: Digest) throws(HostFailure) {
        for directory in Self.directories { try root.remove("\(directory)/\(digest.hexadecimal).img") }
    }

    private var files: [Digest] { Self.directories.flatMap { root.list($0).compactMap { Self.digest(named: $0[...]) } } }

    /// Loop devices by the root below them, whatever mount name space that is mounted in, and whether its file still has a name or not.
    private var loops: [Digest: String] {
        let pairs = root.list("/sys/block").filter { $0.hasPrefix("loop") }.compactMap { device -> (Digest, String)? in
            guard let file = root.line("/sys/block/\(device)/loop/backing_file")?.split(separator: " ").first?.split(separator: "/").last,
                let digest = Self.digest(named: file)
            else { return nil }
            return (digest, device)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private static func digest(named file: Substring) -> Digest? {
        file.hasSuffix(".img") ? Digest("sha256:" + file.dropLast(4)) : nil
    }
}

extension RootShelf {
    /// The initrd's own mounts of the first root's layers hold it in memory even when nothing runs from it. Its overlay needs them no more.
    static func releaseFirst(in root: HostRoot) {
        for layer in ["/run/bennu/lower", "/run/bennu/upper"] { umount2(root.path(layer), Int32(MNT_DETACH)) }
    }
}
