/// A value that is one string in JSON and YAML: what `description` prints, `init?(_:)` parses.
package protocol StringCodable: LosslessStringConvertible, Codable {
    /// What would have parsed, for error messages: "an IPv4 address like 10.0.0.1".
    static var expectation: String { get }
}

extension StringCodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected \(Self.expectation), found \"\(text.prefix(80))\"")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
