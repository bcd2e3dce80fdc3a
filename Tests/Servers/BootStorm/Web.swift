import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives

/// What a server answered. Of bodies beyond 64 KiB only the length is kept.
struct WebAnswer: Sendable {
    var status = 0
    var retryAfter: Int64?
    var length = 0
    var body = ByteBuffer()
}

/// One request on a connection of its own, from the host's own address, as firmware, iPXE and busybox make them.
struct Web: Sendable {
    let loop: any EventLoop

    func request(
        _ method: HTTPMethod = .GET, _ url: String, from address: IPv4Address, bearer: String? = nil, body: [UInt8]? = nil
    ) async throws -> WebAnswer {
        let parts = url.dropFirst("http://".count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].split(separator: ":")
        let (host, port) = (String(name[0]), name.count > 1 ? Int(name[1]) ?? 80 : 80)
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: "/" + (parts.count > 1 ? parts[1] : ""))
        head.headers = ["Host": String(parts[0]), "Connection": "close", "User-Agent": "storm"]
        if let bearer { head.headers.add(name: "Authorization", value: "Bearer \(bearer)") }
        if let body { head.headers.add(contentsOf: ["Content-Type": "application/json", "Content-Length": "\(body.count)"]) }
        let promise = loop.makePromise(of: WebAnswer.self)
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(60))
            .bind(to: try SocketAddress(ipAddress: address.description, port: 0))
            .channelInitializer { [head] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(Reader(head: head, body: body, promise: promise))
                }
            }
            .connect(host: host, port: port)
        connecting.cascadeFailure(to: promise)
        return try await promise.futureResult.get()
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        typealias OutboundOut = HTTPClientRequestPart
        private let head: HTTPRequestHead
        private let body: [UInt8]?
        private let promise: EventLoopPromise<WebAnswer>
        private var answer = WebAnswer()
        private var isDone = false

        init(head: HTTPRequestHead, body: [UInt8]?, promise: EventLoopPromise<WebAnswer>) {
            (self.head, self.body, self.promise) = (head, body, promise)
        }

        func channelActive(context: ChannelHandlerContext) {
            context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
            if let body { context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil) }
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch Self.unwrapInboundIn(data) {
            case .head(let head):
                answer.status = Int(head.status.code)
                answer.retryAfter = head.headers.first(name: "retry-after").flatMap { Int64($0) }
            case .body(var bytes):
                answer.length += bytes.readableBytes
                if answer.length <= 64 << 10 { answer.body.writeBuffer(&bytes) }
            case .end:
                isDone = true
                promise.succeed(answer)
                context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { if !isDone { promise.fail(ChannelError.eof) } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if !isDone { promise.fail(error) }
            isDone = true
            context.close(promise: nil)
        }
    }
}
