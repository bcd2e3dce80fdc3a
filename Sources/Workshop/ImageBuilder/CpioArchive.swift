import Primitives

/// A cpio archive (newc) that the kernel unpacks.
/// Every entry has owner 0:0, one time stamp and an inode number by position: the bytes depend on nothing but the entries.
package struct CpioArchive: Sendable {
    package private(set) var bytes: [UInt8] = []
    private let modificationTime: UInt32
    private var inode: UInt32 = 0

    /// `modificationTime`: seconds since 1970.
    package init(modificationTime: Int64) {
        self.modificationTime = UInt32(clamping: modificationTime)
    }

    mutating func add(directory path: String) { entry(path, mode: 0o040755, content: [], links: 2) }

    package mutating func add(file path: String, mode: UInt32 = 0o644, _ content: [UInt8]) { entry(path, mode: 0o100000 | mode, content: content) }

    mutating func add(link path: String, to target: String) { entry(path, mode: 0o120777, content: Array(target.utf8)) }

    mutating func add(characterDevice path: String, mode: UInt32, major: UInt32, minor: UInt32) {
        entry(path, mode: 0o020000 | mode, content: [], device: (major, minor))
    }

    /// Ends the archive, padded to 512 bytes so that any other part may follow.
    package mutating func finish() {
        bytes += CpioHeader.trailer.bytes
        bytes += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    private mutating func entry(_ path: String, mode: UInt32, content: [UInt8], links: UInt32 = 1, device: (UInt32, UInt32) = (0, 0)) {
        inode += 1
        // A file beyond 4 GiB has no place in an initrd; its length would not fit the field.
        var header = CpioHeader(path, mode: mode, size: UInt32(clamping: content.count))
        (header.inode, header.links, header.modificationTime, header.device) = (inode, links, modificationTime, device)
        bytes += header.bytes
        bytes += content
        bytes += CpioHeader.padding(after: content.count)
    }
}
