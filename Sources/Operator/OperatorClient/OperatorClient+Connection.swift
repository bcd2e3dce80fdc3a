import HostContract
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The pieces of an answer's body, in order.
struct AnswerParts {
    fileprivate var iterator: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    fileprivate var isAtEnd = false

    /// `nil` after the last; throws when the connection ends before that.
    mutating func next() async throws -> [UInt8]? {
        while !isAtEnd {
            switch try await iterator.next() {
            case .body(let buffer): return Array(buffer.readableBytesView)
            case .head: continue
            case .end: isAtEnd = true
            case nil:
                isAtEnd = true
                try Task.checkCancellation()
                throw APIProblem(code: "connection-lost", message: "the server closed the connection before its answer was complete")
            }
        }
        return nil
    }
}

extension OperatorClient {
    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPPart<HTTPRequestHead, ByteBuffer>>

    /// Sends one request, and gives its status and its body as it comes. The connection is closed afterwards.
    func withAnswer<Result>(
        _ method: String, _ path: String, body: [UInt8]?, _ read: (Int, inout AnswerParts) async throws -> Result
    ) async throws -> Result {
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw APIProblem(code: "malformed-path", message: "\"\(path)\" cannot be asked of the server")
        }
        let head = Self.head(method, path, body: body)
        do {
            return try await connect().executeThenClose { input, output in
                // In one write: a request without a body is whole with its head, and once answered, the connection may close under the rest.
                try await output.write(contentsOf: [.head(head)] + (body.map { [.body(ByteBuffer(bytes: $0))] } ?? []) + [.end(nil)])
                var parts = AnswerParts(iterator: input.makeAsyncIterator())
                guard case .head(let answer)? = try await parts.iterator.next() else {
                    try Task.checkCancellation()
                    throw APIProblem(code: "connection-lost", message: "the server closed the connection without an answer")
                }
                return try await read(Int(answer.status.code), &parts)
            }
        } catch let error where error is IOError || error is ChannelError || error is HTTPParserError {
            throw APIProblem(code: "connection-lost", message: "the connection to the server at \(socketPath) broke", cause: "\(error)")
        }
    }

    private static func head(_ method: String, _ path: String, body: [UInt8]?) -> HTTPRequestHead {
        var headers = HTTPHeaders([("Host", "localhost"), ("Accept", "application/json"), ("Connection", "close")])
        if let body {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: "\(body.count)")
        }
        return HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
    }

    private func connect() async throws -> Connection {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: socketPath) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(RequestBodies())
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw unreachable(error)
        }
    }

    private func unreachable(_ error: any Error) -> APIProblem {
        let hint = "is bennu serve running? pass --socket or set BENNU_SOCKET"
        switch (error as? IOError)?.errnoCode {
        case ENOENT: return APIProblem(code: "server-unreachable", message: "no server at \(socketPath): there is no such socket; \(hint)")
        case ECONNREFUSED:
            return APIProblem(code: "server-unreachable", message: "no server at \(socketPath): nobody listens at that socket; \(hint)")
        case EACCES, EPERM:
            return APIProblem(
                code: "socket-permission",
                message: "cannot use the server's socket \(socketPath): permission denied; its group says who may")
        default:
            return APIProblem(code: "server-unreachable", message: "no server at \(socketPath); \(hint)", cause: "\(error)")
        }
    }
}

/// The client encoder wants `IOData` bodies, which cannot cross tasks; a buffer can.
private final class RequestBodies: ChannelOutboundHandler {
    typealias OutboundIn = HTTPPart<HTTPRequestHead, ByteBuffer>
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPClientRequestPart =
            switch Self.unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(Self.wrapOutboundOut(part), promise: promise)
    }
}
