/// Options inside an option, each a code, a length and bytes, in order: 82 (RFC 3046), 43 (RFC 2132 section 8.4), 175 (iPXE).
package struct DHCPSuboptions: Hashable, Sendable {
    /// Whether 0 and 255 are pad and end marks (43 and 175) or codes like others (82).
    package enum Framing: Sendable {
        case marked
        case plain
    }

    package struct Element: Hashable, Sendable {
        package let code: UInt8
        package let bytes: ArraySlice<UInt8>
    }

    package private(set) var elements: [Element] = []

    package init() {}

    /// `nil` when a length reaches past the end.
    package init?(decoding bytes: some Collection<UInt8>, framing: Framing) {
        let bytes = ArraySlice(bytes)
        var offset = bytes.startIndex
        while offset < bytes.endIndex {
            let code = bytes[offset]
            if framing == .marked, code == 255 { return }
            offset += 1
            if framing == .marked, code == 0 { continue }
            guard offset < bytes.endIndex else { return nil }
            let length = Int(bytes[offset])
            offset += 1
            guard bytes.endIndex - offset >= length else { return nil }
            elements.append(Element(code: code, bytes: bytes[offset..<offset + length]))
            offset += length
        }
    }

    /// The bytes of the first suboption with this code.
    package subscript(_ code: UInt8) -> ArraySlice<UInt8>? { elements.first { $0.code == code }?.bytes }

    package func contains(_ code: UInt8) -> Bool { self[code] != nil }

    /// Adds a suboption; `false`, and no change, when its bytes are more than the 255 that a length can say.
    @discardableResult
    package mutating func append(_ code: UInt8, _ bytes: some Collection<UInt8>) -> Bool {
        guard bytes.count <= 255 else { return false }
        elements.append(Element(code: code, bytes: ArraySlice(bytes)))
        return true
    }

    package func encode(framing: Framing) -> [UInt8] {
        elements.flatMap { [$0.code, UInt8(clamping: $0.bytes.count)] + $0.bytes } + (framing == .marked ? [255] : [])
    }
}
