package import Primitives

/// The shapes that option data takes (RFC 2132 section 2). A value of the wrong length reads as absent.
extension DHCPOptions {
    package func byte(_ code: DHCPOptionCode) -> UInt8? { number(code, bytes: 1).map(UInt8.init(truncatingIfNeeded:)) }
    package func unsigned16(_ code: DHCPOptionCode) -> UInt16? { number(code, bytes: 2).map(UInt16.init(truncatingIfNeeded:)) }
    package func unsigned32(_ code: DHCPOptionCode) -> UInt32? { number(code, bytes: 4) }

    private func number(_ code: DHCPOptionCode, bytes count: Int) -> UInt32? {
        guard let range = range(of: code), range.count == count else { return nil }
        var value: UInt32 = 0
        for index in range { value = value << 8 | UInt32(storage[index]) }
        return value
    }

    package func address(_ code: DHCPOptionCode) -> IPv4Address? { unsigned32(code).map(IPv4Address.init(value:)) }

    /// One or more addresses; empty when the option is absent or not a multiple of four bytes.
    package func addresses(_ code: DHCPOptionCode) -> [IPv4Address] {
        guard let bytes = self[code], bytes.count % 4 == 0 else { return [] }
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).compactMap { IPv4Address(bytes: bytes[$0..<$0 + 4]) }
    }

    /// Text up to its first NUL: a receiver must not rely on one and must cope with it (RFC 2132 section 2). Ill-formed UTF-8 is repaired.
    package func text(_ code: DHCPOptionCode) -> String? {
        self[code].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    package mutating func set(_ code: DHCPOptionCode, to value: UInt8?) {
        if let value { set(code, number: UInt32(value), bytes: 1) } else { remove(code) }
    }

    package mutating func set(_ code: DHCPOptionCode, to value: UInt16?) {
        if let value { set(code, number: UInt32(value), bytes: 2) } else { remove(code) }
    }

    package mutating func set(_ code: DHCPOptionCode, to value: UInt32?) {
        if let value { set(code, number: value, bytes: 4) } else { remove(code) }
    }

    package mutating func set(_ code: DHCPOptionCode, to address: IPv4Address?) { set(code, to: address?.value) }

    /// No addresses remove the option: its minimum length is four.
    package mutating func set(_ code: DHCPOptionCode, to addresses: [IPv4Address]) {
        if addresses.isEmpty { return remove(code) }
        if addresses.count == 1 { return set(code, to: addresses[0].value) }
        set(code, to: addresses.flatMap { BigEndianBytes($0.value) })
    }

    /// Some boot ROMs need the NUL: they read a name without its length.
    package mutating func set(_ code: DHCPOptionCode, to text: String?, nulTerminated: Bool = false) {
        if let text { set(code, to: Array(text.utf8) + (nulTerminated ? [0] : [])) } else { remove(code) }
    }
}
