package import NIOCore

/// What one client may cost. The defaults suit racks of a few thousand hosts.
package struct HTTPLimits: Sendable, Hashable {
    /// Bytes of the request line's address.
    package var longestURI = 2048
    /// Bytes of all header fields.
    package var largestHeaders = 16 * 1024
    package var connections = 16_384
    /// Requests a second from one address in the long run; a second's worth may come at once. A booting host sends a dozen in all.
    package var requestsPerSecond = 1000
    /// From the connection, or the end of the last answer, to a complete request head: trickling bytes gains nothing.
    package var requestTimeout = TimeAmount.seconds(30)
    /// For each piece of an answer to be taken by the client.
    package var pieceTimeout = TimeAmount.seconds(60)
    /// Bytes given to the socket at a time: at first, and again when a client took longer than a second for the last piece. With the timeout,
    /// this is the slowest rate that is served: 2 KiB/s.
    package var smallestPiece: Int64 = 128 * 1024
    /// The same for a client that keeps pace.
    package var largestPiece: Int64 = 2 << 20
    /// Bytes for one client that keeps pace while no other does, before the sockets are looked at.
    package var turn: Int64 = 4 << 20
    /// Bytes that all clients that keep pace are given together before the first of them has its next turn, as far as pieces may shrink:
    /// ten milliseconds' worth, or so.
    package var round: Int64 = 16 << 20
    /// How long transfers under way may go on after the server was told to stop.
    package var grace = TimeAmount.seconds(10)
    package init() {}

    /// Bytes of the next piece where so many clients keep pace.
    package func share(among clients: Int) -> Int64 { max(smallestPiece, min(largestPiece, round / Int64(max(1, clients)))) }
}
