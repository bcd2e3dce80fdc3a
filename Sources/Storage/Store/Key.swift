package import Primitives

/// The name of one value: segments of `[A-Za-z0-9._:@-]` joined by `/`, at most 512 bytes; ordered by its bytes.
///
/// `hosts/h-7/boot`, `leases/10.0.0.9` and `head` parse; `/hosts`, `hosts//x`, `hosts/` and `a b` do not.
package struct Key: Hashable, Sendable {
    package static let maximumBytes = 512

    package let text: String

    /// Throws the first thing that is wrong with `text`.
    package init(parsing text: String) throws(KeyError) {
        try Self.check(text.utf8)
        self.text = text
    }

    /// This key with more segments below it; `segments` is text of the same form, so it may come from outside.
    package func appending(_ segments: String) throws(KeyError) -> Key { try Key(parsing: "\(text)/\(segments)") }

    /// This key with an address below it, which needs no check.
    package func appending(_ address: IPv4Address) -> Key { Key(unchecked: "\(text)/\(address)") }

    private init(unchecked text: String) { self.text = text }

    /// What follows the last `/`; the whole key where there is none.
    package var lastSegment: Substring {
        guard let slash = text.lastIndex(of: "/") else { return text[...] }
        return text[text.index(after: slash)...]
    }

    var byteCount: Int { text.utf8.count }

    private static func check(_ bytes: String.UTF8View) throws(KeyError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= maximumBytes else { throw .tooLong(bytes: bytes.count) }
        var segmentIsEmpty = true
        for (offset, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "/"):
                if segmentIsEmpty { throw .emptySegment(offset: offset) }
                segmentIsEmpty = true
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "@"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                segmentIsEmpty = false
            default:
                throw .character(byte, offset: offset)
            }
        }
        if segmentIsEmpty { throw .emptySegment(offset: bytes.count) }
    }
}

extension Key: Comparable {
    /// Byte order, which is the order of pages; `String`'s own order compares Unicode and is slower for the same answer on ASCII.
    package static func < (left: Key, right: Key) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }
}

extension Key: StringCodable {
    package static let expectation = "a store key like hosts/h-7/boot"

    package init?(_ description: String) {
        guard (try? Self.check(description.utf8)) != nil else { return nil }
        text = description
    }

    package var description: String { text }
}

extension Key: ExpressibleByStringLiteral {
    /// Only for keys that are written in the source: a `StaticString` cannot come from outside.
    package init(stringLiteral literal: StaticString) {
        guard let key = Key(String(describing: literal)) else {
            fatalError("\(literal) is no store key")  // a literal is a programmer's mistake, found by its first run
        }
        self = key
    }
}

/// Why a text is no key. Offsets count bytes from 0.
package enum KeyError: Error, Hashable {
    case empty
    case tooLong(bytes: Int)
    /// Two slashes together, or one at either end.
    case emptySegment(offset: Int)
    case character(UInt8, offset: Int)
}
