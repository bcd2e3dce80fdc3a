import NIOHTTP1

/// Why a request is not served. The name is counted, and stands at the beginning of the answer's body.
package enum HTTPRefusal: String, Error, Sendable, CaseIterable {
    case malformed = "malformed-request"
    case methodNotAllowed = "method-not-allowed"
    case uriTooLong = "uri-too-long"
    case headersTooLarge = "headers-too-large"
    case bodyNotAccepted = "body-not-accepted"
    case unknownPath = "unknown-path"
    case badDigest = "bad-digest"
    case unknownBlob = "unknown-blob"
    case unknownBootFile = "unknown-boot-file"
    case blobUnreadable = "blob-unreadable"
    case blobWrongSize = "blob-wrong-size"
    case rangeBeyondEnd = "range-beyond-end"
    case badHardwareAddress = "bad-hardware-address"
    case badUUID = "bad-uuid"
    case badQuery = "bad-query"
    case queued
    case tooManyConnections = "too-many-connections"
    case tooManyRequests = "too-many-requests"
    case idle = "idle-timeout"
    case aborted = "transfer-aborted"

    var status: HTTPResponseStatus {
        switch self {
        case .malformed, .badDigest, .badHardwareAddress, .badUUID, .badQuery: .badRequest
        case .methodNotAllowed: .methodNotAllowed
        case .uriTooLong: .uriTooLong
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .bodyNotAccepted: .payloadTooLarge
        case .unknownPath, .unknownBlob, .unknownBootFile: .notFound
        case .blobUnreadable, .blobWrongSize: .internalServerError
        case .rangeBeyondEnd: .rangeNotSatisfiable
        case .tooManyConnections, .queued: .serviceUnavailable
        case .tooManyRequests: .tooManyRequests
        case .idle, .aborted: .requestTimeout
        }
    }

    /// One line for whoever reads the answer.
    var explanation: String {
        switch self {
        case .malformed: "this is not HTTP/1.1"
        case .methodNotAllowed: "only GET and HEAD are served here"
        case .uriTooLong: "the address is longer than this server reads"
        case .headersTooLarge: "the header fields are longer than this server reads"
        case .bodyNotAccepted: "requests here have no body"
        case .unknownPath: "see / for what is served"
        case .badDigest: "a blob is named by 64 hexadecimal digits: /blobs/sha256/<digits>"
        case .unknownBlob: "no image of this site has that blob; see bennu image list"
        case .unknownBootFile: "no network boot program has that name"
        case .blobUnreadable: "the blob is published, but its file cannot be read; see bennu image verify"
        case .blobWrongSize: "the blob's file has not the size of the blob; see bennu image verify"
        case .rangeBeyondEnd: "the range begins beyond the end"
        case .badHardwareAddress: "mac= must be a hardware address like 52:54:00:12:34:56 of one NIC"
        case .badUUID: "uuid= must be a UUID like 11223344-5566-7788-99aa-bbccddeeff00, or empty"
        case .badQuery: "the query must be name=value pairs, each name once"
        case .queued: "others download; ask again when Retry-After says"
        case .tooManyConnections: "too many connections; ask again"
        case .tooManyRequests: "this address asks more often than a boot needs; wait a second"
        case .idle: "no request came"
        case .aborted: "the transfer ended early"
        }
    }
}
