/// Base64 (RFC 4648 section 4), checked without decoding.
enum Base64 {
    /// The text without white space, and how many bytes it stands for; `nil` when it is not base64 with its padding.
    static func check(_ text: String) -> (text: String, bytes: Int)? {
        let digits = text.utf8.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let fits = digits.dropLast(padding).allSatisfy {
            (97...122).contains($0 | 0x20) && $0 >= 65 || (48...57).contains($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/")
        }
        return fits ? (String(decoding: digits, as: UTF8.self), digits.count / 4 * 3 - padding) : nil
    }
}
