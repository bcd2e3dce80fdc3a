/// An Ethernet hardware (MAC) address: six bytes.
///
/// Parses `52:54:00:12:34:56`, `52-54-00-12-34-56` and `525400123456`, in either case; prints the first form in lower case.
/// Rejects any other length, mixed separators and non-hexadecimal digits.
package struct HardwareAddress: Hashable, Sendable, Comparable {
    /// The address, first byte on the wire in the most significant of the low 48 bits.
    package let value: UInt64

    package init(value: UInt64) { self.value = value & 0xffff_ffff_ffff }

    /// Six bytes in wire order; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 6 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Six bytes in wire order.
    package var bytes: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: value >> (40 - 8 * UInt64($0))) } }

    /// True for broadcast and multicast addresses, which no host may claim (IEEE 802: the I/G bit).
    package var isGroup: Bool { value >> 40 & 1 == 1 }
    package var isZero: Bool { value == 0 }

    package static func < (a: Self, b: Self) -> Bool { a.value < b.value }
}

extension HardwareAddress: LosslessStringConvertible {
    package init?(_ description: String) {
        let text = Array(description.utf8)
        var digits = text
        if text.count == 17 {
            let separator = text[2]
            guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "-") else { return nil }
            guard stride(from: 2, to: 17, by: 3).allSatisfy({ text[$0] == separator }) else { return nil }
            digits = text.enumerated().filter { $0.offset % 3 != 2 }.map(\.element)
        }
        guard digits.count == 12, let bytes = Hexadecimal.decode(digits) else { return nil }
        self.init(bytes: bytes)
    }

    package var description: String { joined(by: ":") }

    /// The address with `-` between its bytes, as in iPXE's `BOOTIF` and PXELINUX file names.
    package var hyphenated: String { joined(by: "-") }

    private func joined(by separator: Unicode.Scalar) -> String {
        String(unsafeUninitializedCapacity: 17) { write(to: $0, separator: UInt8(truncatingIfNeeded: separator.value)) }
    }

    /// Into room for 17 bytes, all of which it takes.
    package func write(to text: UnsafeMutableBufferPointer<UInt8>, separator: UInt8 = UInt8(ascii: ":")) -> Int {
        for index in 0..<6 {
            let byte = UInt8(truncatingIfNeeded: value >> (40 - 8 * UInt64(index)))
            text[3 * index] = Hexadecimal.digit(byte >> 4)
            text[3 * index + 1] = Hexadecimal.digit(byte & 15)
            if index < 5 { text[3 * index + 2] = separator }
        }
        return 17
    }
}

extension HardwareAddress: StringCodable {
    package static let expectation = "a hardware address like 52:54:00:12:34:56"
}
