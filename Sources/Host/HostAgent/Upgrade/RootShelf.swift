import FoundationEssentials
import Glibc
package import HostContract
package import Primitives

/// The root images that this host holds in memory, each a file named by its digest. One is freed when nothing runs from it any more.
package struct RootShelf: Sendable {
    package static let directory = "/run/bennu/image"
    /// The name that the initrd gives the image it started.
    static let firstFile = directory + "/root.img"

    let root: HostRoot

    package init(root: HostRoot) { self.root = root }

    package static func path(of digest: Digest) -> String { "\(directory)/\(digest.hexadecimal).img" }

    /// Gives the initrd's image the name that all others have. The loop device below the running root does not mind.
    package func settle() {
        guard root.exists(Self.firstFile), let digest = RootIdentity.ofInitrd(root) else { return }
        rename(root.path(Self.firstFile), root.path(Self.path(of: digest)))
    }

    /// In the order of their digests.
    package func roots(running: Digest?) -> [RootInMemory] {
        let used = loopFiles
        return digests.compactMap { digest in
            var status = stat()
            guard stat(root.path(Self.path(of: digest)), &status) == 0 else { return nil }
            let isInUse = digest == running || used.contains("\(digest.hexadecimal).img")
            return RootInMemory(root: digest, bytes: Int64(status.st_size), isInUse: isInUse)
        }
    }

    /// Lets go of every root that nothing runs from.
    /// - Returns: those that are gone now.
    package func free(running: Digest?) -> [RootInMemory] {
        guard let running else { return [] }
        return roots(running: running).filter { !$0.isInUse && (try? root.remove(Self.path(of: $0.root))) != nil }
    }

    private var digests: [Digest] {
        root.list(Self.directory).compactMap { name in
            name.hasSuffix(".img") ? Digest("sha256:" + name.dropLast(4)) : nil
        }
    }

    /// Names of the files below loop devices, whatever mount name space they are mounted in.
    private var loopFiles: Set<String> {
        Set(
            root.list("/sys/block").filter { $0.hasPrefix("loop") }.compactMap { device in
                root.line("/sys/block/\(device)/loop/backing_file")?.split(separator: "/").last.map(String.init)
            })
    }
}

extension RootShelf {
    /// The initrd's own mounts of the first root's layers hold it in memory even when nothing runs from it. Its overlay needs them no more.
    static func releaseFirst(in root: HostRoot) {
        for layer in ["/run/bennu/lower", "/run/bennu/upper"] { umount2(root.path(layer), Int32(MNT_DETACH)) }
    }
}
