import Primitives
import TFTPWire

/// Who a transfer is with: both transfer identifiers (RFC 1350 section 4) and the client's address.
struct TFTPEndpoint: Hashable {
    var client: IPv4Address
    var port: UInt16
    /// Which of the server's sockets.
    var outlet: Int
}

/// One transfer: `TFTPReadTransfer` decides, this knows with whom, from what, and what is still to be sent.
final class TFTPTransfer {
    let endpoint: TFTPEndpoint
    let request: TFTPRequest
    let content: TFTPContent
    /// The address that the client asked, from which it is answered.
    let source: IPv4Address
    let name: String
    var state: TFTPReadTransfer
    /// Blocks that the socket has not taken yet.
    var unsent = 0..<0
    /// Whether the outlet has it in its queue.
    var isQueued = false
    /// Whether the kernel is asked to cut messages into blocks.
    var isSegmented = true
    var isDone = false
    /// In nanoseconds of the loop's clock.
    let began: Int64
    var deadline = Int64.max
    /// The tick of the alarm that counts.
    var alarm = Int64.max

    init(_ endpoint: TFTPEndpoint, request: TFTPRequest, content: TFTPContent, source: IPv4Address, limits: TFTPReadTransfer.Limits, now: Int64) {
        (self.endpoint, self.request, self.content, self.source) = (endpoint, request, content, source)
        name = TFTPContext.printable(request.fileName)
        state = TFTPReadTransfer(request: request, fileSize: content.size, limits: limits)
        began = now
    }

    /// Bytes that may be under way at a time.
    var windowBytes: Int { state.windowSize * state.blockSize }
}
