package import NIOCore

/// What one client may cost. The defaults suit racks of a few thousand hosts.
package struct HTTPLimits: Sendable, Hashable {
    /// Bytes of the request line's address.
    package var longestURI = 2048
    /// Bytes of all header fields.
    package var largestHeaders = 16 * 1024
    package var connections = 4096
    /// From the connection, or the end of the last answer, to a complete request head: trickling bytes gains nothing.
    package var requestTimeout = TimeAmount.seconds(30)
    /// For each piece of an answer to be taken by the client.
    package var pieceTimeout = TimeAmount.seconds(60)
    /// Bytes given to the socket at a time.
    package var piece: Int64 = 512 * 1024
    /// How long transfers under way may go on after the server was told to stop.
    package var grace = TimeAmount.seconds(10)
    package init() {}
}
