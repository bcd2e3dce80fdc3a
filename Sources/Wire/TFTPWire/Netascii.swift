/// Text as `netascii` mode sends it (RFC 764 by way of RFC 1350 section 1): LF becomes CR LF, a lone CR becomes CR NUL.
/// The size and the blocks of a transfer in that mode are those of the result.
package enum Netascii {
    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let (carriageReturn, lineFeed) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for byte in bytes {
            switch byte {
            case lineFeed: text += [carriageReturn, lineFeed]
            case carriageReturn: text += [carriageReturn, 0]
            default: text.append(byte)
            }
        }
        return text
    }
}
