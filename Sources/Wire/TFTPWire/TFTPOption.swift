/// A name and a value in a request or an option acknowledgement (RFC 2347). Unknown names are ordinary input.
package struct TFTPOption: Hashable, Sendable {
    /// As the sender spelt it; compare with `isNamed(_:)`, since case does not matter.
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }

    /// RFC 2348.
    package static let blockSize = "blksize"
    // RFC 2349
    package static let timeout = "timeout"
    package static let transferSize = "tsize"
    /// RFC 7440.
    package static let windowSize = "windowsize"

    package func isNamed(_ other: String) -> Bool { name.lowercased() == other }

    /// The value as a decimal number; `nil` for anything but digits, and above Int's range.
    package var number: Int? {
        guard !value.isEmpty, value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(value)
    }
}
