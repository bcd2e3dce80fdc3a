/// Opaque identifiers: lower-case base-32 text (RFC 4648 alphabet) from a source of randomness that the caller gives.
package enum RandomToken {
    /// `count` characters, five bits each.
    package static func make(count: Int, using generator: inout some RandomNumberGenerator) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        let text = (0..<count).map { _ in alphabet[Int(generator.next(upperBound: UInt32(32)))] }
        return String(decoding: text, as: UTF8.self)
    }
}
