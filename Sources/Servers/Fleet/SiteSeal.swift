import Primitives

/// The small initrd that seals the site's public key into an image: a cpio archive (newc) with `/etc/bennu/site.pub`.
/// Images themselves name no site; iPXE hands this to the kernel behind the image's own initrd.
enum SiteSeal {
    static func archive(publicKey: [UInt8]) -> [UInt8] {
        let key = Array((Hexadecimal.encode(publicKey) + "\n").utf8)
        var bytes = ["etc", "etc/bennu"].flatMap { CpioHeader($0, mode: 0o040755, size: 0).bytes }
        bytes += CpioHeader("etc/bennu/site.pub", mode: 0o100644, size: UInt32(clamping: key.count)).bytes
        bytes += key + CpioHeader.padding(after: key.count) + CpioHeader.trailer.bytes
        // The kernel takes archives of any length, but a block is what everybody tests with.
        return bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
}
