/// The header of an entry in a cpio archive in the "newc" format, which is what the kernel unpacks as an initrd
/// (Documentation/driver-api/early-userspace/buffer-format.rst). The content follows, and `padding(after:)` it.
package struct CpioHeader: Sendable {
    package var path: String
    /// Kind and permissions, as `st_mode` has them.
    package var mode: UInt32
    /// Bytes of the content.
    package var size: UInt32
    package var inode: UInt32 = 0
    package var links: UInt32 = 1
    /// Seconds since 1970.
    package var modificationTime: UInt32 = 0
    package var device: (major: UInt32, minor: UInt32) = (0, 0)

    package init(_ path: String, mode: UInt32, size: UInt32) { (self.path, self.mode, self.size) = (path, mode, size) }

    /// The last of an archive.
    package static let trailer = CpioHeader("TRAILER!!!", mode: 0, size: 0)

    /// 110 characters and the path with a zero, to a boundary of four bytes.
    package var bytes: [UInt8] {
        let fields = [
            inode, mode, 0, 0, links, modificationTime, size, 0, 0, device.major, device.minor, UInt32(clamping: path.utf8.count + 1), 0,
        ]
        var bytes = Array("070701".utf8)
        bytes.reserveCapacity(116 + path.utf8.count)
        for field in fields { for shift in stride(from: UInt32(28), through: 0, by: -4) { bytes.append(Self.digits[Int(field >> shift & 15)]) } }
        bytes += path.utf8
        bytes.append(0)
        return bytes + Self.padding(after: bytes.count)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    /// To the next boundary of four bytes.
    package static func padding(after count: Int) -> [UInt8] { [UInt8](repeating: 0, count: (4 - count % 4) % 4) }
}
