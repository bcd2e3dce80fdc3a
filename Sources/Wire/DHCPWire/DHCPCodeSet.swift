/// Option codes, in 256 bits: what a message has, or what a client asks for.
package struct DHCPCodeSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    package init() {}

    package init(_ codes: some Sequence<DHCPOptionCode>) { for code in codes { insert(code) } }

    package var isEmpty: Bool { words.0 | words.1 | words.2 | words.3 == 0 }

    package func contains(_ code: DHCPOptionCode) -> Bool {
        let word =
            switch code.rawValue >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word & Self.bit(code) != 0
    }

    /// Whether the code was not there before.
    @discardableResult
    package mutating func insert(_ code: DHCPOptionCode) -> Bool {
        let isNew = !contains(code)
        change(code) { $0 | $1 }
        return isNew
    }

    package mutating func remove(_ code: DHCPOptionCode) { change(code) { $0 & ~$1 } }

    private static func bit(_ code: DHCPOptionCode) -> UInt64 { 1 << UInt64(code.rawValue & 63) }

    private mutating func change(_ code: DHCPOptionCode, _ operation: (UInt64, UInt64) -> UInt64) {
        let bit = Self.bit(code)
        switch code.rawValue >> 6 {
        case 0: words.0 = operation(words.0, bit)
        case 1: words.1 = operation(words.1, bit)
        case 2: words.2 = operation(words.2, bit)
        default: words.3 = operation(words.3, bit)
        }
    }

    package static func == (a: Self, b: Self) -> Bool { a.words == b.words }

    package func hash(into hasher: inout Hasher) {
        for word in [words.0, words.1, words.2, words.3] { hasher.combine(word) }
    }
}
