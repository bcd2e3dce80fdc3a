/// A TFTP packet (RFC 1350 section 5, RFC 2347): the payload of one UDP datagram.
package enum TFTPPacket: Hashable, Sendable {
    /// RRQ.
    case readRequest(TFTPRequest)
    /// WRQ.
    case writeRequest(TFTPRequest)
    /// DATA: block number modulo 65536, and up to `blksize` bytes.
    case data(block: UInt16, bytes: ArraySlice<UInt8>)
    /// ACK.
    case acknowledgement(block: UInt16)
    /// ERROR: ends the transfer.
    case error(TFTPErrorCode, message: String)
    /// OACK.
    case optionAcknowledgement([TFTPOption])
}
