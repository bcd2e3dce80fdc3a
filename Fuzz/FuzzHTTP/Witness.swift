import NIOCore
import NIOHTTP1

/// Stands between NIO's parser and our handler, and sees each request as it was read and what answers it.
///
/// What must hold: one answer for each request; a status that is documented; no field that is empty, twice or has a control character in it; as
/// many bytes as the head promises, from where it says and from inside the file; none behind an answer to HEAD.
final class Witness: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private static let statuses: Set<UInt> = [200, 206, 304, 400, 404, 405, 413, 414, 416, 429, 431, 500, 503]

    /// Read, and not answered to the end.
    private var request: HTTPRequestHead?
    private var isWhole = false
    private var answer: HTTPResponseHead?
    /// Of the file that is sent, where the next region has to begin; and where one may end.
    private var position = 0
    private var size = 0
    private var bytes = 0

    /// A whole request waits for the end of its answer.
    var isOwing: Bool { request != nil && isWhole }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // What waited in the pipeline when the connection ended comes all the same.
            precondition(request == nil || !context.channel.isActive, "a request was read before the last one was answered")
            (request, isWhole) = (head, false)
        case .body: break
        case .end: isWhole = true
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): begin(head)
        case .body(.byteBuffer(let text)):
            precondition(text.readableBytesView.allSatisfy { $0 == 10 || (32...126).contains($0) }, "text is not printable")
            bytes += text.readableBytes
        case .body(.fileRegion(let region)):
            precondition(region.readerIndex == position && region.endIndex > position && region.endIndex <= size, "a piece from elsewhere")
            position = region.endIndex
            bytes += region.readableBytes
        case .end: end()
        }
        context.write(data, promise: promise)
    }

    private func begin(_ head: HTTPResponseHead) {
        precondition(request != nil && answer == nil, "an answer that nobody asked for")
        precondition(Self.statuses.contains(head.status.code), "status \(head.status.code)")
        for (name, value) in head.headers {
            precondition(!value.isEmpty && value.utf8.allSatisfy { (32...126).contains($0) }, "\(name) is \(value)")
            precondition(head.headers[name].count == 1, "\(name) stands there twice")
        }
        precondition((head.headers.first(name: "content-length") == nil) == (head.status == .notModified), "no length, or that of nothing")
        (answer, bytes, position) = (head, 0, 0)
        size = length(of: head)
        guard head.status == .partialContent else { return }
        let parts = head.headers.first(name: "content-range")?.split(whereSeparator: { " -/".contains($0) }) ?? []
        guard parts.count == 4, parts[0] == "bytes", let first = Int(parts[1]), let last = Int(parts[2]), let whole = Int(parts[3]) else {
            preconditionFailure("content-range is no range")
        }
        precondition(first <= last && last < whole && last - first + 1 == size, "content-range is not content-length")
        (position, size) = (first, last + 1)
    }

    private func end() {
        guard let request, let answer else { preconditionFailure("the end of no answer") }
        let promised = request.method == .HEAD || answer.status == .notModified ? 0 : length(of: answer)
        precondition(bytes == promised, "\(bytes) bytes, where the head says \(promised)")
        (self.request, self.answer) = (nil, nil)
    }

    private func length(of head: HTTPResponseHead) -> Int {
        guard let field = head.headers.first(name: "content-length") else { return 0 }
        guard let length = Int(field), length >= 0 else { preconditionFailure("content-length is \(field)") }
        return length
    }
}
