/// The server's side of one read transfer (RFC 1350, 2347, 2348, 2349, 7440): says what to send; the caller has socket, file and clock.
///
/// Times are nanoseconds since a moment that the caller chooses. How long it waits follows from the round trips that it measures (RFC 6298): a lost packet costs about as much as sending it again.
///
/// Blocks are counted from 1 without wrapping; `wireNumber(of:)` gives the 16 bits that travel. The last block is shorter than
/// `blockSize`, empty when the size is a multiple of it. Only packets from the transfer's own TID (address and port) may be given to it:
/// the caller answers any other sender with ERROR 5 and goes on.
package struct TFTPReadTransfer: Sendable {
    /// What a server allows, whatever clients ask.
    package struct Limits: Hashable, Sendable {
        package var maximumBlockSize: Int
        package var maximumWindowSize: Int
        /// A client that is silent for so long, or for two of its longest waits, is given up.
        package var patience = Duration.seconds(16)
        /// The longest wait before sending again, unless the client names a longer `timeout`. Longer than clients wait before they repeat themselves,
        /// mostly five seconds: some answer nothing that they have already, and begin their wait anew with each packet.
        package var timeout = Duration.seconds(8)
        /// The wait before a round trip was measured, and the shortest wait after that: clients are busy with other things for milliseconds.
        package var initialTimeout = Duration.milliseconds(250)
        package var minimumTimeout = Duration.milliseconds(4)
        /// Seconds of the longest `timeout` that a client may ask for: each one holds a transfer open that long.
        package var maximumTimeoutSeconds = 30

        /// Blocks that fit the link unfragmented: 32 bytes are IPv4, UDP and TFTP headers.
        package init(linkMTU: Int = 1500, maximumWindowSize: Int = 64) {
            maximumBlockSize = min(65_464, max(544, linkMTU) - 32)
            self.maximumWindowSize = min(65_535, max(1, maximumWindowSize))
        }

        /// With blocks that fit a path unfragmented.
        package func fitting(pathMTU: Int) -> Self {
            var limits = self
            limits.maximumBlockSize = min(maximumBlockSize, max(544, pathMTU) - 32)
            return limits
        }
    }

    package enum Action: Hashable, Sendable {
        /// Send these blocks in order, then wait. What was to be sent before and was not is not wanted any more.
        case send(blocks: ClosedRange<Int>)
        /// Send OACK, then wait for the ACK of block 0.
        case sendOptionAcknowledgement([TFTPOption])
        /// The client has every byte.
        case finished
        case failed(Failure)
        case ignore(Reason)
    }

    package enum Failure: Error, Hashable, Sendable {
        /// No answer to the option acknowledgement.
        case optionsUnacknowledged
        case unacknowledged(block: Int)
        /// Everything was sent; many ROMs start the program without acknowledging its last block.
        case lastBlockUnacknowledged
        /// The client gave up; `TFTPErrorCode.optionsRefused` before the first block is how it asks for a size only.
        case clientError(TFTPErrorCode, message: String, beforeFirstBlock: Bool)
    }

    package enum Reason: Hashable, Sendable {
        /// Answering it would send every later block twice (RFC 1123 section 4.2.3.1).
        case duplicateAcknowledgement
        /// Of a block before the window, or never sent.
        case acknowledgementOutsideWindow(UInt16)
        /// The client asks again because our first packet was lost or late; the timeout sends it again.
        case duplicateRequest
        case unexpectedPacket
        /// All that follows the acknowledged block was sent since.
        case underWay
        case notStarted
        case ended
    }

    enum Phase: Hashable, Sendable {
        case new
        case optionsSent
        case sending
        case ended
    }

    package let fileSize: Int
    package let negotiation: TFTPNegotiation
    package let lastBlock: Int
    // In nanoseconds.
    private let (firstTimeout, shortestTimeout, longestTimeout, patience): (Int64, Int64, Int64, Int64)
    var phase = Phase.new
    /// Last block that the client has; 0 before the first.
    package internal(set) var acknowledged = 0
    /// Last block that was sent.
    package internal(set) var sent = 0
    package internal(set) var roundTrip = RoundTripEstimator()
    /// When the packets that are unacknowledged were sent, and whether an answer may be one to an earlier sending.
    var sentAt: Int64 = 0
    var isAmbiguous = false
    /// The whole window was sent again, and the client may have a part of it.
    var isRepeated = false
    /// Waits in a row without an answer; each is twice as long as the one before (RFC 6298 section 5.5).
    var backoff = 0
    /// How long in all nothing moved the transfer on.
    var silence: Int64 = 0
    /// The last acknowledgement was of all that had been sent.
    var wasWhole = true
    /// How many windows must be acknowledged before a duplicate acknowledgement has one sent again.
    var windowsWithoutRepeat = 0

    package init(request: TFTPRequest, fileSize: Int, limits: Limits) {
        self.fileSize = max(0, fileSize)
        negotiation = TFTPNegotiation(request: request, fileSize: self.fileSize, limits: limits)
        lastBlock = self.fileSize / negotiation.blockSize + 1
        firstTimeout = Self.clamped(limits.initialTimeout)
        shortestTimeout = Self.clamped(limits.minimumTimeout)
        longestTimeout = Self.clamped(max(limits.timeout, negotiation.timeout))
        patience = max(Self.clamped(limits.patience), 2 * longestTimeout)
    }

    /// A millisecond to an hour: the range in which nothing overflows.
    private static func clamped(_ time: Duration) -> Int64 { max(1_000_000, min(3_600_000_000_000, time.nanoseconds)) }

    package var blockSize: Int { negotiation.blockSize }
    package var windowSize: Int { negotiation.windowSize }
    /// Nanoseconds to wait before `timeout(at:)`.
    package var timeoutInterval: Int64 {
        let measured = max(shortestTimeout, roundTrip.timeout ?? firstTimeout)
        return min(longestTimeout, backoff == 0 ? measured : measured << Int64(min(backoff, 16)))
    }
    var isOutOfPatience: Bool { silence >= patience }
    package var hasEnded: Bool { phase == .ended }

    /// The file's bytes that belong to a block; empty outside the file.
    package func byteRange(of block: Int) -> Range<Int> {
        guard (1...lastBlock).contains(block) else { return 0..<0 }
        let start = (block - 1) * blockSize
        return start..<min(fileSize, start + min(blockSize, fileSize - start))
    }

    /// The number that a DATA packet carries: it wraps from 65535 to 0.
    package func wireNumber(of block: Int) -> UInt16 { UInt16(truncatingIfNeeded: block) }
}
