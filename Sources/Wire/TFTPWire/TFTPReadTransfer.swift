/// The server's side of one read transfer (RFC 1350, 2347, 2348, 2349, 7440): says what to send; the caller has socket, file and clock.
///
/// Blocks are counted from 1 without wrapping; `wireNumber(of:)` gives the 16 bits that travel. The last block is shorter than
/// `blockSize`, empty when the size is a multiple of it. Only packets from the transfer's own TID (address and port) may be given to it:
/// the caller answers any other sender with ERROR 5 and goes on.
package struct TFTPReadTransfer: Sendable {
    /// What a server allows, whatever clients ask.
    package struct Limits: Hashable, Sendable {
        package var maximumBlockSize: Int
        package var maximumWindowSize: Int
        /// How often in a row the same packets are sent again before giving up.
        package var retransmissions: Int
        /// Until the client names its own `timeout`.
        package var timeout: Duration
        /// Seconds of the longest `timeout` that a client may ask for: each one holds a transfer open that long.
        package var maximumTimeoutSeconds = 30

        /// Blocks that fit the link unfragmented: 32 bytes are IPv4, UDP and TFTP headers.
        package init(linkMTU: Int = 1500, maximumWindowSize: Int = 64, retransmissions: Int = 6, timeout: Duration = .seconds(1)) {
            maximumBlockSize = min(65_464, max(544, linkMTU) - 32)
            self.maximumWindowSize = min(65_535, max(1, maximumWindowSize))
            self.retransmissions = max(0, retransmissions)
            self.timeout = timeout
        }
    }

    package enum Action: Hashable, Sendable {
        /// Send these blocks in order, then wait.
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
    let retransmissions: Int
    var phase = Phase.new
    /// Last block that the client has; 0 before the first.
    package internal(set) var acknowledged = 0
    /// Last block that was sent.
    package internal(set) var sent = 0
    var attempts = 0

    package init(request: TFTPRequest, fileSize: Int, limits: Limits) {
        self.fileSize = max(0, fileSize)
        retransmissions = limits.retransmissions
        negotiation = TFTPNegotiation(request: request, fileSize: self.fileSize, limits: limits)
    }

    package var blockSize: Int { negotiation.blockSize }
    package var windowSize: Int { negotiation.windowSize }
    /// How long to wait before `timeout()`.
    package var timeoutInterval: Duration { negotiation.timeout }
    package var lastBlock: Int { fileSize / blockSize + 1 }
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
