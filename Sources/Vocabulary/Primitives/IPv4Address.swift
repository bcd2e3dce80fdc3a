/// An IPv4 address in dotted-decimal form. Parses `10.0.0.1`; rejects leading zeros, missing or extra parts, and numbers above 255.
package struct IPv4Address: Hashable, Sendable, Comparable {
    /// The address in host byte order: `10.0.0.1` is `0x0a000001`.
    package let value: UInt32

    package init(value: UInt32) { self.value = value }

    package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        value = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// Four bytes in wire order; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    package static let any = IPv4Address(value: 0)
    package static let broadcast = IPv4Address(value: .max)

    /// Four bytes in wire order.
    package var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) } }
    package var isAny: Bool { value == 0 }

    package static func < (a: Self, b: Self) -> Bool { a.value < b.value }

    /// The address `distance` after this one, or `nil` past 255.255.255.255.
    package func advanced(by distance: UInt32) -> IPv4Address? {
        let (sum, overflow) = value.addingReportingOverflow(distance)
        return overflow ? nil : IPv4Address(value: sum)
    }
}

extension IPv4Address: StringCodable {
    package static let expectation = "an IPv4 address like 10.0.0.1"

    package init?(_ description: String) {
        let parts = description.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (48...57).contains($0) }) else { return nil }
            guard part.count == 1 || part.first != 48 else { return nil }
            let number = part.reduce(0) { $0 * 10 + UInt32($1 - 48) }
            guard number <= 255 else { return nil }
            value = value << 8 | number
        }
        self.init(value: value)
    }

    package var description: String { String(unsafeUninitializedCapacity: 15, initializingUTF8With: write) }

    /// Into room for 15 bytes; how many it took.
    package func write(to text: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var count = 0
        for shift in stride(from: 24 as UInt32, through: 0, by: -8) {
            let part = UInt8(truncatingIfNeeded: value >> shift)
            if part >= 100 {
                text[count] = 48 + part / 100
                count += 1
            }
            if part >= 10 {
                text[count] = 48 + part / 10 % 10
                count += 1
            }
            text[count] = 48 + part % 10
            count += 1
            if shift > 0 {
                text[count] = UInt8(ascii: ".")
                count += 1
            }
        }
        return count
    }
}
