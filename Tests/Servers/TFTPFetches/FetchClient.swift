/// One client's transfer (RFC 1350, 2347, 7440), and those before it.
struct FetchClient {
    enum Phase { case asking, receiving, done }

    var phase = Phase.asking
    /// The server's transfer identifier; 0 before its first packet.
    var serverPort: UInt16 = 0
    var previousPort: UInt16 = 0
    var blockSize = 512
    var windowSize = 1
    /// The block that comes next, from 1, without wrapping.
    var next = 1
    /// Blocks since the last acknowledgement.
    var unacknowledged = 0
    /// A gap, or a block that is here already, is answered once for all that come together: until a block in order, or this time in nanoseconds.
    var disorderAnsweredUntil: Int64 = 0
    var resentInARow = 0
    var transfers = 0
    var bytes = 0
    /// Nanoseconds.
    var lastHeard: Int64 = 0

    mutating func ask() {
        phase = .asking
        (previousPort, serverPort) = (serverPort, 0)
        (blockSize, windowSize, next, unacknowledged, resentInARow) = (512, 1, 1, 0, 0)
        disorderAnsweredUntil = 0
    }
}
