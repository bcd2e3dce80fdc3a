import DHCPWire
import Foundation
import Primitives

/// Packets that real firmware sent, by name of file in `Fixtures/dhcp`.
enum Fixture {
    static let names = [
        "ipxe-bios-virtio.DISCOVER", "ipxe-bios-virtio.REQUEST", "ipxe-efi-debian-tftp.DISCOVER", "ipxe-efi-debian-tftp.REQUEST",
        "ovmf-http4-uuid.DISCOVER", "ovmf-http4.DISCOVER", "ovmf-http4.REQUEST", "ovmf-pxe4-uuid.DISCOVER", "ovmf-pxe4.DISCOVER",
        "ovmf-pxe4.REQUEST", "snponly-efi-uuid.DISCOVER", "snponly-efi-uuid.REQUEST",
    ]

    struct Unreadable: Error {
        let name: String
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized

    static func bytes(_ name: String) throws -> [UInt8] {
        let text = try String(contentsOf: root.appending(path: "Fixtures/dhcp/\(name).hex"), encoding: .utf8)
        guard let bytes = Hexadecimal.decode(text.utf8.filter { $0 != UInt8(ascii: "\n") }), !bytes.isEmpty else {
            throw Unreadable(name: name)
        }
        return bytes
    }

    /// Every file in `Fuzz/Corpus/dhcp`.
    static func corpus() throws -> [[UInt8]] {
        let folder = root.appending(path: "Fuzz/Corpus/dhcp")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).map {
            try Array(Data(contentsOf: $0))
        }
    }

    static func message(_ name: String) throws -> DHCPMessage { try DHCPMessage(decoding: try bytes(name)) }
}

/// A message in hand-made bytes: fixed part from `header`, the cookie, then `options`.
func packet(header: [Int: [UInt8]] = [:], options: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 236)
    bytes.replaceSubrange(0..<4, with: [1, 1, 6, 0])
    for (offset, field) in header { bytes.replaceSubrange(offset..<offset + field.count, with: field) }
    return bytes + [99, 130, 83, 99] + options
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
