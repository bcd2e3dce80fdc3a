/// A UUID (RFC 9562) as SMBIOS, DHCP option 97 and libvirt use it. Parses the 8-4-4-4-12 form in either case; prints it in lower case.
package struct UniversalUniqueIdentifier: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// Sixteen bytes in the order they print; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Sixteen bytes as PXE (RFC 4578 section 2.3) and SMBIOS (7.2.1) send them: the first three fields are little-endian.
    package init?(littleEndianFields wire: some Collection<UInt8>) {
        self.init(bytes: Self.swapFields(Array(wire)))
    }

    /// Sixteen bytes in the order they print.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) } }
    }

    /// Sixteen bytes with the first three fields little-endian (RFC 4578 section 2.3).
    package var littleEndianFields: [UInt8] { Self.swapFields(bytes) }

    /// All zero or all one: what firmware without a UUID says.
    package var isUnset: Bool { (high, low) == (0, 0) || (high, low) == (.max, .max) }

    private static func swapFields(_ b: [UInt8]) -> [UInt8] {
        guard b.count == 16 else { return b }
        return [b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]] + b[8...]
    }
}

extension UniversalUniqueIdentifier: StringCodable {
    package static let expectation = "a UUID like 11223344-5566-7788-99aa-bbccddeeff00"

    package init?(_ description: String) {
        let text = Array(description.utf8)
        guard text.count == 36, [8, 13, 18, 23].allSatisfy({ text[$0] == UInt8(ascii: "-") }) else { return nil }
        let digits = text.enumerated().filter { ![8, 13, 18, 23].contains($0.offset) }.map(\.element)
        guard let bytes = Hexadecimal.decode(digits) else { return nil }
        self.init(bytes: bytes)
    }

    package var description: String {
        let text = Array(Hexadecimal.encode(bytes).utf8)
        let fields = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: text[$0], as: UTF8.self) }
        return fields.joined(separator: "-")
    }
}
