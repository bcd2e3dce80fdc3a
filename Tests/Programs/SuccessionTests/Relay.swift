import HostAgent
import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives

/// Between an agent and its server: loses what a test wants lost, each on its side of what the server has done.
final class Relay: Sendable {
    enum Instant: Sendable, Hashable {
        /// The request has left the agent, and the server does not know of it.
        case asked
        /// The server has done what it was asked, and the agent does not know of it.
        case answered
    }
    typealias Passes = @Sendable (Instant, _ path: String) -> Bool

    let address: ServerAddress
    private let channel: any Channel

    /// - Parameter passes: false to end the connection instead.
    init(to server: ServerAddress, passes: @escaping Passes) async throws {
        let exchange = HTTPExchange(group: MultiThreadedEventLoopGroup.singleton, server: server)
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(RelayHandler(exchange, passes))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        address = ServerAddress(address: IPv4Address(127, 0, 0, 1), port: channel.localAddress?.port ?? 0)
    }

    func close() async throws { try await channel.close() }
}

private final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let exchange: HTTPExchange
    private let passes: Relay.Passes
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ exchange: HTTPExchange, _ passes: @escaping Relay.Passes) { (self.exchange, self.passes) = (exchange, passes) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, [])
        case .body(let buffer): body += buffer.readableBytesView
        case .end:
            guard let head else { return }
            let (channel, exchange, passes, body) = (context.channel, exchange, passes, body)
            // Ends with its connection.
            Task {
                let path = String(head.uri.prefix { $0 != "?" })
                let credential = head.headers.first(name: "Authorization").map { String($0.dropFirst(7)) }
                guard passes(.asked, path),
                    let answer = try? await exchange.send(
                        head.method.rawValue, head.uri, credential: credential, body: body.isEmpty ? nil : body, seconds: 60),
                    passes(.answered, path)
                else { return try await channel.close() }
                let headers = answer.status == 204 ? HTTPHeaders() : HTTPHeaders([("Content-Length", "\(answer.body.count)")])
                let parts: [HTTPServerResponsePart] = [
                    .head(.init(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)),
                    .body(.byteBuffer(ByteBuffer(bytes: answer.body))), .end(nil),
                ]
                for part in parts { try await channel.writeAndFlush(part) }
            }
        }
    }
}
