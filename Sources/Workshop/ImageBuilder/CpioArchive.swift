/// A cpio archive in the "newc" format that the kernel unpacks (Documentation/driver-api/early-userspace/buffer-format.rst).
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
        entry("TRAILER!!!", mode: 0, content: [])
        pad(to: 512)
    }

    private mutating func entry(_ path: String, mode: UInt32, content: [UInt8], links: UInt32 = 1, device: (UInt32, UInt32) = (0, 0)) {
        let isTrailer = mode == 0
        inode += 1
        // A file beyond 4 GiB has no place in an initrd; its length would not fit the field.
        let size = UInt32(clamping: content.count)
        let fields: [UInt32] = [
            isTrailer ? 0 : inode, mode, 0, 0, isTrailer ? 1 : links, isTrailer ? 0 : modificationTime, size, 0, 0, device.0, device.1,
            UInt32(clamping: path.utf8.count + 1), 0,
        ]
        bytes += Array("070701".utf8)
        for field in fields { bytes += Self.hexadecimal(field) }
        bytes += Array(path.utf8) + [0]
        pad(to: 4)
        bytes += content
        pad(to: 4)
    }

    private mutating func pad(to boundary: Int) {
        while bytes.count % boundary != 0 { bytes.append(0) }
    }

    private static func hexadecimal(_ value: UInt32) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return stride(from: UInt32(28), through: 0, by: -4).map { digits[Int(value >> $0 & 15)] }
    }
}
