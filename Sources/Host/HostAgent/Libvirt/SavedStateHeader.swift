/// The beginning of a file in which libvirt keeps the state of a guest (`struct _virQEMUSaveHeader` of libvirt's src/qemu/qemu_saveimage.h): a header
/// of 92 bytes, the definition, and from there on what QEMU wrote. Numbers are in the byte order of the host.
package struct SavedStateHeader: Sendable, Hashable {
    package var definition: String
    /// False for a guest that was suspended.
    package var wasRunning: Bool
    package init(definition: String, wasRunning: Bool) { (self.definition, self.wasRunning) = (definition, wasRunning) }

    private static let size = 92
    private static let magic = "LibvirtQemudSave"
    private static let version: UInt32 = 2

    /// Where QEMU's part begins, in bytes: at a page, which memory that is mapped likes.
    package var length: Int { (Self.size + definition.utf8.count + 1 + 4095) / 4096 * 4096 }

    /// As many bytes as `length`. What follows the definition is zero.
    package var bytes: [UInt8] {
        var bytes = Array(Self.magic.utf8)
        // Version, length of the definition with what fills it up, whether it ran, no compression, no cookie, and 14 that nobody uses.
        let numbers = [Self.version, UInt32(clamping: length - Self.size), wasRunning ? 1 : 0, 0, 0] + [UInt32](repeating: 0, count: 14)
        for number in numbers { withUnsafeBytes(of: number) { bytes += $0 } }
        bytes += definition.utf8
        bytes += [UInt8](repeating: 0, count: length - bytes.count)
        return bytes
    }
}
