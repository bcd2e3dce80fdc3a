/// An IPv4 network: `10.0.0.0/24`. The form with host bits, `10.0.0.7/24`, does not parse; `IPv4Interface` is that.
package struct IPv4Prefix: Hashable, Sendable {
    package let network: IPv4Address
    /// 0 through 32.
    package let length: Int

    /// The network that holds `address`; `nil` when `length` is not 0 through 32.
    package init?(containing address: IPv4Address, length: Int) {
        guard (0...32).contains(length) else { return nil }
        self.length = length
        network = IPv4Address(value: address.value & Self.mask(length))
    }

    package var mask: IPv4Address { IPv4Address(value: Self.mask(length)) }
    package var broadcast: IPv4Address { IPv4Address(value: network.value | ~Self.mask(length)) }

    package func contains(_ address: IPv4Address) -> Bool { address.value & Self.mask(length) == network.value }
    package func overlaps(_ other: IPv4Prefix) -> Bool { contains(other.network) || other.contains(network) }

    private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : UInt32.max << UInt32(32 - length) }
}

extension IPv4Prefix: StringCodable {
    package static let expectation = "an IPv4 network like 10.0.0.0/24"

    package init?(_ description: String) {
        guard let (address, length) = IPv4Interface.split(description) else { return nil }
        guard let prefix = IPv4Prefix(containing: address, length: length), prefix.network == address else { return nil }
        self = prefix
    }

    package var description: String { "\(network)/\(length)" }
}

/// An interface's own address with the length of its network: `10.0.0.7/24`.
package struct IPv4Interface: Hashable, Sendable {
    package let address: IPv4Address
    package let prefix: IPv4Prefix

    /// `nil` when `length` is not 0 through 32.
    package init?(address: IPv4Address, length: Int) {
        guard let prefix = IPv4Prefix(containing: address, length: length) else { return nil }
        (self.address, self.prefix) = (address, prefix)
    }
}

extension IPv4Interface: StringCodable {
    package static let expectation = "an address with its prefix length like 10.0.0.7/24"

    package init?(_ description: String) {
        guard let (address, length) = Self.split(description) else { return nil }
        self.init(address: address, length: length)
    }

    package var description: String { "\(address)/\(prefix.length)" }

    static func split(_ text: String) -> (IPv4Address, Int)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(String(parts[0])) else { return nil }
        guard (1...2).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        guard let length = Int(parts[1]), length <= 32 else { return nil }
        return (address, length)
    }
}
