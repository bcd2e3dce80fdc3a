package import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives

/// One HTTP/1.1 request and its answer, on a connection of its own. Enough for a host that speaks a few times a minute.
package struct HTTPExchange: Sendable {
    package struct Answer: Sendable, Hashable {
        package var status: Int
        package var body: [UInt8]
    }

    /// The server could not be asked, or did not answer.
    package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        case unreachable(String)
        case noAnswer(seconds: Int)
        case truncated
        case tooLarge

        package var description: String {
            switch self {
            case .unreachable(let reason): "unreachable: \(reason)"
            case .noAnswer(let seconds): "no answer within \(seconds) s"
            case .truncated: "the connection ended inside the answer"
            case .tooLarge: "the answer has more than \(HTTPExchange.limit) bytes"
            }
        }
    }

    /// Bytes of an answer.
    package static let limit = 8 << 20

    private let group: any EventLoopGroup
    private let server: ServerAddress

    package init(group: any EventLoopGroup, server: ServerAddress) { (self.group, self.server) = (group, server) }

    /// - Parameters:
    ///   - path: with its query.
    ///   - seconds: from the first packet to the last byte of the answer.
    package func send(
        _ method: String, _ path: String, credential: String?, body: [UInt8]?, seconds: Int
    ) async throws(Failure) -> Answer {
        var headers = HTTPHeaders([("Host", "\(server.address):\(server.port)"), ("Connection", "close"), ("Accept", "application/json")])
        if let credential { headers.add(name: "Authorization", value: "Bearer \(credential)") }
        if let body {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: "\(body.count)")
        }
        let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
        let loop = group.next()
        let promise = loop.makePromise(of: Answer.self)
        let server = server
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(Int64(min(seconds, 10))))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(AnswerCollector(head: head, body: body, promise: promise))
                }
            }
            .connect(host: server.address.description, port: server.port)
        connecting.whenFailure { promise.fail(Failure.unreachable("\($0)")) }
        let deadline = loop.scheduleTask(in: .seconds(Int64(seconds))) { promise.fail(Failure.noAnswer(seconds: seconds)) }
        do {
            let answer = try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                promise.fail(Failure.unreachable("nobody waits for the answer any more"))
            }
            deadline.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
            return answer
        } catch {
            deadline.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
            throw error as? Failure ?? .unreachable("\(error)")
        }
    }
}

/// Sends the request when the connection stands, and gathers the answer.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: [UInt8]?
    private let promise: EventLoopPromise<HTTPExchange.Answer>
    private var answer = HTTPExchange.Answer(status: 0, body: [])

    init(head: HTTPRequestHead, body: [UInt8]?, promise: EventLoopPromise<HTTPExchange.Answer>) {
        (self.head, self.body, self.promise) = (head, body, promise)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body { context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): answer.status = Int(head.status.code)
        case .body(let buffer):
            guard answer.body.count + buffer.readableBytes <= HTTPExchange.limit else { return fail(.tooLarge, context) }
            answer.body += buffer.readableBytesView
        case .end:
            promise.succeed(answer)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(HTTPExchange.Failure.truncated) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.unreachable("\(error)"), context) }

    private func fail(_ failure: HTTPExchange.Failure, _ context: ChannelHandlerContext) {
        promise.fail(failure)
        context.close(promise: nil)
    }
}
