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

    /// Well-formed, without an end mark and what follows it.
    private var storage: ArraySlice<UInt8> = []
    private var hasPads = false

    package init() {}

    /// `nil` when a length reaches past the end. Nothing is copied: a relay's option is looked at several times for each message.
    package init?(decoding bytes: some Collection<UInt8>, framing: Framing) {
        self.init(ArraySlice(bytes), framing)
    }

    /// As above, for what an option is kept as.
    package init?(decoding bytes: ArraySlice<UInt8>, framing: Framing) { self.init(bytes, framing) }

    private init?(_ bytes: ArraySlice<UInt8>, _ framing: Framing) {
        var offset = bytes.startIndex
        while offset < bytes.endIndex {
            if framing == .marked, bytes[offset] == 255 { break }
            if framing == .marked, bytes[offset] == 0 {
                hasPads = true
                offset += 1
                continue
            }
            guard offset + 1 < bytes.endIndex, bytes.endIndex - offset - 2 >= Int(bytes[offset + 1]) else { return nil }
            offset += 2 + Int(bytes[offset + 1])
        }
        storage = bytes[..<offset]
    }

    /// In the order of the wire.
    package var elements: [Element] {
        var elements: [Element] = []
        var offset = storage.startIndex
        while let (code, range) = next(from: &offset) { elements.append(Element(code: code, bytes: storage[range])) }
        return elements
    }

    /// The suboption at or after the offset, which moves behind it; `nil` at the end.
    private func next(from offset: inout Int) -> (code: UInt8, range: Range<Int>)? {
        while hasPads, offset < storage.endIndex, storage[offset] == 0 { offset += 1 }
        guard offset < storage.endIndex else { return nil }
        let (code, start) = (storage[offset], offset + 2)
        offset = start + Int(storage[offset + 1])
        return (code, start..<offset)
    }

    private func range(of wanted: UInt8) -> Range<Int>? {
        var offset = storage.startIndex
        while let (code, range) = next(from: &offset) { if code == wanted { return range } }
        return nil
    }

    /// The bytes of the first suboption with this code.
    package subscript(_ code: UInt8) -> ArraySlice<UInt8>? {
        guard let range = range(of: code) else { return nil }
        return storage[range]
    }

    package func contains(_ code: UInt8) -> Bool { range(of: code) != nil }

    /// Adds a suboption; `false`, and no change, when its bytes are more than the 255 that a length can say.
    @discardableResult
    package mutating func append(_ code: UInt8, _ bytes: some Collection<UInt8>) -> Bool {
        guard bytes.count <= 255 else { return false }
        storage += [code, UInt8(clamping: bytes.count)]
        storage += bytes
        return true
    }

    package func encode(framing: Framing) -> [UInt8] {
        elements.flatMap { [$0.code, UInt8(clamping: $0.bytes.count)] + $0.bytes } + (framing == .marked ? [255] : [])
    }
}

extension DHCPSuboptions {
    /// Equal when the same suboptions stand in the same order: pads between them say nothing.
    package static func == (a: Self, b: Self) -> Bool { a.elements == b.elements }

    package func hash(into hasher: inout Hasher) { hasher.combine(elements) }
}
