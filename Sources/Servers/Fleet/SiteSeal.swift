import Primitives

/// The small initrd that seals the site's public key into an image: a cpio archive (newc) with `/etc/bennu/site.pub`.
/// Images themselves name no site; iPXE hands this to the kernel behind the image's own initrd.
enum SiteSeal {
    static func archive(publicKey: [UInt8]) -> [UInt8] {
        let key = Array((Hexadecimal.encode(publicKey) + "\n").utf8)
        var bytes: [UInt8] = []
        append(name: "etc", mode: 0o040755, content: [], to: &bytes)
        append(name: "etc/bennu", mode: 0o040755, content: [], to: &bytes)
        append(name: "etc/bennu/site.pub", mode: 0o100644, content: key, to: &bytes)
        append(name: "TRAILER!!!", mode: 0, content: [], to: &bytes)
        // The kernel takes archives of any length, but a block is what everybody tests with.
        pad(&bytes, to: 512)
        return bytes
    }

    /// One header (110 characters), name and content, each padded to four bytes (Documentation/driver-api/early-userspace/buffer-format.rst).
    private static func append(name: String, mode: UInt32, content: [UInt8], to bytes: inout [UInt8]) {
        let nameBytes = Array(name.utf8) + [0]
        let fields: [UInt32] = [0, mode, 0, 0, 1, 0, UInt32(content.count), 0, 0, 0, 0, UInt32(nameBytes.count), 0]
        bytes += Array("070701".utf8)
        for field in fields {
            bytes += Array(Hexadecimal.encode((0..<4).map { UInt8(truncatingIfNeeded: field >> (24 - 8 * UInt32($0))) }).utf8)
        }
        bytes += nameBytes
        pad(&bytes, to: 4)
        bytes += content
        pad(&bytes, to: 4)
    }

    private static func pad(_ bytes: inout [UInt8], to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }
}
