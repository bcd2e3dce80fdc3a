import FoundationEssentials
import Glibc
import HostContract

extension ActionExecutor {
    /// Makes a disk under another name and links it to its own when it is whole: a guest never sees half a disk, and no disk is ever overwritten.
    func createDisk(_ disk: Guest.Disk) throws(HostFailure) {
        guard disk.source.hasPrefix("/"), !disk.source.hasPrefix("/dev/"), !disk.source.split(separator: "/").contains("..") else {
            throw HostFailure(.invalidItem, "\(disk.source) is not a file that can be made")
        }
        var content: [UInt8] = []
        if let text = disk.content {
            guard let data = Data(base64Encoded: text), data.count <= 1 << 20 else {
                throw HostFailure(.invalidItem, "the content for \(disk.source) is not base64 of at most 1 MiB")
            }
            content = Array(data)
        }
        let (size, overflows) = (disk.sizeMiB ?? 0).multipliedReportingOverflow(by: 1 << 20)
        guard !overflows, size >= 0, size < Int.max / 2 else {
            throw HostFailure(.invalidItem, "\(disk.source) cannot have \(disk.sizeMiB ?? 0) MiB")
        }
        // Whole sectors, or the last one could not be read.
        let bytes = max(size, (content.count + 511) / 512 * 512)
        try root.makeDirectory(HostRoot.parent(of: disk.source), mode: 0o711)
        let temporary = disk.source + ".bennu-new"
        unlink(root.path(temporary))
        defer { unlink(root.path(temporary)) }
        switch disk.format {
        case "raw": try createRaw(temporary, bytes: bytes, content: content)
        case "qcow2":
            guard content.isEmpty else {
                throw HostFailure(.invalidItem, "content can only be given for a raw disk, not for \(disk.source)")
            }
            try Command("/usr/bin/qemu-img", ["create", "-q", "-f", "qcow2", root.path(temporary), "\(bytes)"]).run(in: root)
        default: throw HostFailure(.invalidItem, "a disk of format \(disk.format) cannot be made")
        }
        guard link(root.path(temporary), root.path(disk.source)) == 0 else {
            throw HostRoot.failure(.unwritable, "cannot make \(disk.source)", errno)
        }
    }

    private func createRaw(_ path: String, bytes: Int, content: [UInt8]) throws(HostFailure) {
        let descriptor = open(root.path(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HostRoot.failure(.unwritable, "cannot make \(path)", errno) }
        defer { close(descriptor) }
        try HostRoot.writeAll(descriptor, content, name: path)
        guard ftruncate(descriptor, bytes) == 0, fsync(descriptor) == 0 else {
            throw HostRoot.failure(.unwritable, "cannot make \(path)", errno)
        }
    }
}
