import Primitives

/// `name:tag`, which moves between image digests: `kvm:2026.11`. Without a tag it means `latest`.
package struct ImageReference: Hashable, Sendable, Comparable {
    package let name: String
    package let tag: String

    package init?(name: String, tag: String) {
        guard Self.isName(name), Self.isName(tag) else { return nil }
        (self.name, self.tag) = (name, tag)
    }

    /// 1 to 128 of `a`–`z`, `A`–`Z`, `0`–`9`, `.`, `_`, `-`, beginning with a letter or digit.
    private static func isName(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    package static func < (a: Self, b: Self) -> Bool { (a.name, a.tag) < (b.name, b.tag) }
}

extension ImageReference: StringCodable {
    package static let expectation = "an image reference like kvm:2026.11"

    package init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first else { return nil }
        self.init(name: String(name), tag: parts.count == 2 ? String(parts[1]) : "latest")
    }

    package var description: String { "\(name):\(tag)" }
}
