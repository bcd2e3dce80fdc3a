/// What a `Range` header asks of a file (RFC 9110 section 14).
package enum ByteRange: Sendable, Hashable {
    /// No range, several, another unit, or nonsense: section 14.2 lets a server ignore what it does not understand.
    case whole
    /// Never empty.
    case part(Range<Int64>)
    /// Beyond the end: 416.
    case unsatisfiable

    /// `header` is the field's value, `size` the file's bytes.
    package init(_ header: String?, size: Int64) {
        guard let header, header.utf8.count <= 64, let equals = header.firstIndex(of: "="), header[..<equals].lowercased() == "bytes" else {
            self = .whole
            return
        }
        let parts = header[header.index(after: equals)...].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            self = .whole
            return
        }
        self = Self.resolve(first: parts[0], last: parts[1], size: size)
    }

    private static func resolve(first: Substring, last: Substring, size: Int64) -> ByteRange {
        if first.isEmpty {
            // The last so many bytes.
            guard let count = number(last) else { return .whole }
            guard count > 0, size > 0 else { return .unsatisfiable }
            return .part(max(0, size - count)..<size)
        }
        guard let start = number(first) else { return .whole }
        var end = size
        if !last.isEmpty {
            guard let final = number(last), final >= start else { return .whole }
            end = final < size ? final + 1 : size
        }
        return start < size ? .part(start..<end) : .unsatisfiable
    }

    /// Digits only; more than fits is as good as the largest number: beyond any end.
    private static func number(_ digits: Substring) -> Int64? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(digits) ?? .max
    }
}
