/// Why bytes are not a DHCP message. Offsets count from the first byte of the UDP payload.
package enum DHCPDecodeError: Error, Hashable, Sendable {
    /// The fixed part (RFC 2131 figure 1) ends inside `field`.
    case truncated(field: String, offset: Int, needed: Int, remaining: Int)
    /// `op` is neither BOOTREQUEST nor BOOTREPLY.
    case unknownOperation(UInt8)
    /// `hlen` says more than the 16 bytes that `chaddr` has.
    case hardwareAddressTooLong(UInt8)
    /// The four bytes after `file` are not 99.130.83.99 (RFC 2131 section 3): plain BOOTP or something else.
    case wrongMagicCookie(UInt32)
    /// An option's length reaches past the end of the field that holds it (`options`, `file` or `sname`).
    case truncatedOption(DHCPOptionCode, field: String, offset: Int, needed: Int, remaining: Int)
    /// Option 52 is not one byte of 1, 2 or 3 (RFC 2132 section 9.3).
    case invalidOverload([UInt8])
}

extension DHCPDecodeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let field, let offset, let needed, let remaining):
            "truncated in \(field) at offset \(offset): needs \(needed) bytes, \(remaining) remain"
        case .unknownOperation(let value):
            "op at offset 0 is \(value), expected 1 or 2"
        case .hardwareAddressTooLong(let length):
            "hlen at offset 2 is \(length), expected at most 16"
        case .wrongMagicCookie(let cookie):
            "magic cookie at offset 236 is \(cookie), expected 1669485411"
        case .truncatedOption(let code, let field, let offset, let needed, let remaining):
            "\(code) at offset \(offset) in \(field) needs \(needed) bytes, \(remaining) remain"
        case .invalidOverload(let bytes):
            "option 52 (overload) is \(bytes), expected one byte of 1, 2 or 3"
        }
    }
}
