/// A SHA-256 digest that names content: `sha256:` and 64 lower-case hexadecimal digits (OCI image spec, "Digests").
package struct Digest: Hashable, Sendable, Comparable {
    /// 64 lower-case hexadecimal digits.
    package let hexadecimal: String

    /// 32 bytes; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        hexadecimal = Hexadecimal.encode(bytes)
    }

    /// The first twelve digits: enough for a person to tell two images apart.
    package var short: String { String(hexadecimal.prefix(12)) }

    package static func < (a: Self, b: Self) -> Bool { a.hexadecimal < b.hexadecimal }
}

extension Digest: StringCodable {
    package static let expectation = "a digest like sha256: and 64 hexadecimal digits"

    package init?(_ description: String) {
        guard description.hasPrefix("sha256:") else { return nil }
        let digits = description.utf8.dropFirst(7)
        guard digits.count == 64, let bytes = Hexadecimal.decode(digits) else { return nil }
        self.init(bytes: bytes)
    }

    package var description: String { "sha256:\(hexadecimal)" }
}
