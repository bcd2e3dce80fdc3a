/// Opaque identifiers: lower-case base-32 text (RFC 4648 alphabet) from a source of randomness that the caller gives.
package enum RandomToken {
    /// `count` characters, five bits each.
    package static func make(count: Int, using generator: inout some RandomNumberGenerator) -> String {
        // Twelve characters of each number: the system's generator is a system call.
        var (bits, left): (UInt64, Int) = (0, 0)
        return String(unsafeUninitializedCapacity: count) { text in
            for index in 0..<count {
                if left == 0 { (bits, left) = (generator.next(), 12) }
                let value = UInt8(truncatingIfNeeded: bits & 31)
                text[index] = value < 26 ? 97 + value : 24 + value
                (bits, left) = (bits >> 5, left - 1)
            }
            return count
        }
    }
}
