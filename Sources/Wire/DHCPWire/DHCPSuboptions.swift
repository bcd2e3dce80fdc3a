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
        _ = first { element in
            elements.append(element)
            return false
        }
        return elements
    }

    private func first(where isWanted: (Element) -> Bool) -> Element? {
        var offset = storage.startIndex
        while offset < storage.endIndex {
            if hasPads, storage[offset] == 0 {
                offset += 1
                continue
            }
            let end = offset + 2 + Int(storage[offset + 1])
            let element = Element(code: storage[offset], bytes: storage[offset + 2..<end])
            if isWanted(element) { return element }
            offset = end
        }
        return nil
    }

    /// The bytes of the first suboption with this code.
    package subscript(_ code: UInt8) -> ArraySlice<UInt8>? { first { $0.code == code }?.bytes }

    package func contains(_ code: UInt8) -> Bool { self[code] != nil }

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
