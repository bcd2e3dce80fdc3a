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
            var status = stat()
            let isFile = stat(root.path(Self.path(of: digest)), &status) == 0
            let sectors = loops[digest].flatMap { root.line("/sys/block/\($0)/size") }.flatMap { Int64($0) } ?? 0
            let bytes = isFile ? Int64(status.st_size) : sectors.multipliedReportingOverflow(by: 512).partialValue
            return RootInMemory(root: digest, bytes: bytes, isInUse: digest == running || loops[digest] != nil)
        }
    }

    /// What a root can be mounted from: its loop device, if something runs from it already, else its file; `nil` when it is not here.
    package func source(of digest: Digest) -> (path: String, isDevice: Bool)? {
        if let device = loops[digest] { return ("/dev/\(device)", true) }
        return root.exists(Self.path(of: digest)) ? (Self.path(of: digest), false) : nil
    }

    /// Lets go of every root that nothing runs from.
    /// - Returns: those that are gone now.
    package func free(running: Digest?) -> [RootInMemory] {
        guard let running else { return [] }
        return roots(running: running).filter { !$0.isInUse && (try? root.remove(Self.path(of: $0.root))) != nil }
    }

    private var files: [Digest] { root.list(Self.directory).compactMap { Self.digest(named: $0[...]) } }

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
