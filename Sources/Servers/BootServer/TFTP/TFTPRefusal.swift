package import TFTPWire

/// Why a TFTP request is not served, or a transfer did not end well. The name is counted, and stands in the ERROR packet and the timeline.
package enum TFTPRefusal: String, Error, Sendable, CaseIterable {
    case malformed = "malformed-packet"
    /// DATA, ACK, OACK or ERROR at the listening port: never answered.
    case unexpectedPacket = "unexpected-packet"
    case writeRefused = "write-refused"
    case unknownMode = "unknown-mode"
    case badPath = "bad-path"
    case notPublished = "not-published"
    case unreadable = "file-unreadable"
    case wrongSize = "file-wrong-size"
    case tooLargeForText = "too-large-for-netascii"
    case tooManyTransfers = "too-many-transfers"
    case tooManyFromClient = "too-many-from-client"
    case noSocket = "no-socket"
    /// A packet from another address or port than the transfer's.
    case unknownTransferID = "unknown-transfer-id"
    case noAnswer = "no-answer"
    case abandoned = "abandoned-by-client"
    case fileChanged = "file-changed"
    case stopped = "server-stopped"

    package var code: TFTPErrorCode {
        switch self {
        case .malformed, .unexpectedPacket, .unknownMode: .illegalOperation
        case .writeRefused, .badPath: .accessViolation
        case .notPublished: .fileNotFound
        case .unknownTransferID: .unknownTransferID
        case .unreadable, .wrongSize, .tooLargeForText, .tooManyTransfers, .tooManyFromClient, .noSocket, .noAnswer, .abandoned,
            .fileChanged,
            .stopped:
            .undefined
        }
    }
}
