import Primitives

/// Which store a kept revision belongs to: made at random with the store, 26 characters of base 32 (130 bits).
/// A restored backup keeps it, a new store never has it.
package struct StoreIdentity: Hashable, Sendable {
    package static let length = 26

    package let text: String

    package static func make(using generator: inout some RandomNumberGenerator) -> StoreIdentity {
        StoreIdentity(unchecked: RandomToken.make(count: length, using: &generator))
    }

    private init(unchecked text: String) { self.text = text }
}

extension StoreIdentity: StringCodable {
    package static let expectation = "a store identity of 26 characters a-z and 2-7"

    package init?(_ description: String) {
        let bytes = description.utf8
        guard bytes.count == Self.length else { return nil }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "2")...UInt8(ascii: "7"): continue
            default: return nil
            }
        }
        self.init(unchecked: description)
    }

    package var description: String { text }
}
