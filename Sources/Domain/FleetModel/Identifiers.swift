package import Primitives

/// An identifier that we made: a prefix that says what it names, then sixteen characters of base 32 (80 random bits).
package protocol OpaqueIdentifier: StringCodable, Hashable, Sendable, Comparable {
    static var prefix: String { get }
    var token: String { get }
    init(unchecked token: String)
}

extension OpaqueIdentifier {
    package static var expectation: String { "an identifier like \(prefix)abcdefghijklmnop" }

    package init(using generator: inout some RandomNumberGenerator) {
        self.init(unchecked: RandomToken.make(count: 16, using: &generator))
    }

    package init?(_ description: String) {
        guard description.hasPrefix(Self.prefix) else { return nil }
        let token = description.dropFirst(Self.prefix.count)
        guard token.utf8.count == 16 else { return nil }
        guard token.utf8.allSatisfy({ (97...122).contains($0) || (50...55).contains($0) }) else { return nil }
        self.init(unchecked: String(token))
    }

    package var description: String { Self.prefix + token }

    package static func < (a: Self, b: Self) -> Bool { a.token < b.token }
}

/// Names a host for as long as the site knows it; UUID and hardware addresses are only claims about it.
package struct HostID: OpaqueIdentifier {
    package static let prefix = "h-"
    package let token: String
    package init(unchecked token: String) { self.token = token }
}

/// Names one boot: one start of one host.
package struct BootID: OpaqueIdentifier {
    package static let prefix = "b-"
    package let token: String
    package init(unchecked token: String) { self.token = token }
}
