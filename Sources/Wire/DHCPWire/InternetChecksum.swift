/// The one's complement sum of IPv4 and UDP (RFC 1071).
struct InternetChecksum {
    private var sum: UInt64 = 0

    /// An odd last byte counts as if a zero followed.
    init(of bytes: ArraySlice<UInt8>) {
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            add(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]))
            index += 2
        }
        if index < bytes.endIndex { add(UInt16(bytes[index]) << 8) }
    }

    mutating func add(_ word: UInt16) { sum += UInt64(word) }

    var value: UInt16 {
        var folded = sum
        while folded > 0xffff { folded = (folded >> 16) + (folded & 0xffff) }
        return ~UInt16(truncatingIfNeeded: folded)
    }
}
