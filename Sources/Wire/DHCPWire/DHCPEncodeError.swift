/// Why a message cannot be put into bytes. Nothing is ever cut short silently.
package enum DHCPEncodeError: Error, Hashable, Sendable {
    /// `sname` holds at most 64 bytes (RFC 2131 section 2).
    case serverNameTooLong(Int)
    /// `file` holds at most 128 bytes.
    case bootFileTooLong(Int)
    /// The message with all its options needs `size` bytes; the receiver takes `maximum`.
    case tooLarge(size: Int, maximum: Int)
}
