/// Why bytes are not a TFTP packet. Offsets count from the first byte of the UDP payload.
package enum TFTPDecodeError: Error, Hashable, Sendable {
    case truncated(field: String, offset: Int, needed: Int, remaining: Int)
    case unknownOperation(UInt16)
    /// A string without its closing NUL.
    case unterminated(field: String, offset: Int)
    /// An option's name or value, or the mode, is not UTF-8.
    case invalidText(field: String, offset: Int)
    /// A request or option acknowledgement longer than `TFTPPacket.maximumRequestSize`.
    case requestTooLong(Int)
    /// Bytes after the end of a packet whose length is known.
    case trailingBytes(offset: Int, count: Int)
}

extension TFTPDecodeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let field, let offset, let needed, let remaining):
            "truncated in \(field) at offset \(offset): needs \(needed) bytes, \(remaining) remain"
        case .unknownOperation(let value): "opcode at offset 0 is \(value), expected 1 through 6"
        case .unterminated(let field, let offset): "\(field) at offset \(offset) has no closing NUL"
        case .invalidText(let field, let offset): "\(field) at offset \(offset) is not UTF-8"
        case .requestTooLong(let count): "request of \(count) bytes, expected at most \(TFTPPacket.maximumRequestSize)"
        case .trailingBytes(let offset, let count): "\(count) bytes too many at offset \(offset)"
        }
    }
}
