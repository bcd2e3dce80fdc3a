import FoundationEssentials
import HostAgent
import HostContract
import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives
import Synchronization

/// A configuration server on the loopback, as far as an agent sees it. What it answers is a test's own function.
final class StandInServer: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var query: String
        var credential: String?
        /// The header `Range`.
        var range: String?
        var body: [UInt8]

        func decoded<Value: Decodable>(_ type: Value.Type) -> Value? { try? JSONDecoder().decode(type, from: Data(body)) }
    }
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8] = []
        /// The header `Retry-After`.
        var retryAfter: String?
        static let done = Answer(status: 204)
    }

    let address: ServerAddress
    /// Every request that nobody has read yet, in the order in which they came.
    private let requests: Mailbox
    private let channel: any Channel

    /// - Parameter port: 0 for any that is free.
    init(port: Int = 0, answer: @escaping @Sendable (Request) -> Answer) async throws {
        let requests = Mailbox()
        self.requests = requests
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(
                        RequestHandler { request in
                            requests.waiting.withLock { $0.append(request) }
                            return answer(request)
                        })
                }
            }
        channel = try await Self.bind(bootstrap, port: port)
        address = ServerAddress(address: IPv4Address(127, 0, 0, 1), port: channel.localAddress?.port ?? 0)
    }

    /// One that is asked for by number may be the local end of somebody's connection for a while: of the client that asks for it in vain, even.
    private static func bind(_ bootstrap: ServerBootstrap, port: Int) async throws -> any Channel {
        for _ in 0..<100 where port != 0 {
            if let channel = try? await bootstrap.bind(host: "127.0.0.1", port: port).get() { return channel }
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await bootstrap.bind(host: "127.0.0.1", port: port).get()
    }

    func close() async throws { try await channel.close() }

    /// Reads requests until one is what is looked for.
    func first<Value>(_ wanted: (Request) -> Value?) async -> Value? {
        while !Task.isCancelled {
            while let request = requests.waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                if let value = wanted(request) { return value }
            }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return nil
    }

    private final class Mailbox: Sendable { let waiting = Mutex<[Request]>([]) }
}

private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (StandInServer.Request) -> StandInServer.Answer
    private var request = StandInServer.Request(method: "", path: "", query: "", body: [])

    init(_ answer: @escaping @Sendable (StandInServer.Request) -> StandInServer.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let parts = head.uri.split(separator: "?", maxSplits: 1).map(String.init)
            request = .init(
                method: head.method.rawValue, path: parts.first ?? "", query: parts.dropFirst().first ?? "",
                credential: head.headers.first(name: "Authorization"), range: head.headers.first(name: "Range"), body: [])
        case .body(let buffer): request.body += buffer.readableBytesView
        case .end:
            let answer = answer(request)
            var headers = HTTPHeaders()
            if answer.status != 204 { headers.add(name: "Content-Length", value: "\(answer.body.count)") }
            if let seconds = answer.retryAfter { headers.add(name: "Retry-After", value: seconds) }
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .init(statusCode: answer.status), headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
