import Foundation
import HostContract
import NIOCore
import NIOHTTP1
import NIOPosix
import OperatorClient
import Testing

@Suite struct OperatorClientTests {
    struct Name: Codable, Hashable { var name: String }
    typealias Answer = @Sendable (HTTPRequestHead, String) -> (HTTPResponseStatus, [String])

    /// Answers every request with what the test says, in those pieces.
    final class Canned: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        let answer: Answer
        var head: HTTPRequestHead?
        var body = ByteBuffer()
        init(_ answer: @escaping Answer) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch Self.unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(let buffer): body.writeImmutableBuffer(buffer)
            case .end:
                guard let head else { return }
                let (status, pieces) = answer(head, String(buffer: body))
                let response = HTTPResponseHead(version: .http1_1, status: status, headers: ["Transfer-Encoding": "chunked"])
                context.write(Self.wrapOutboundOut(.head(response)), promise: nil)
                for piece in pieces {
                    context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: piece)))), promise: nil)
                }
                // Without an end the answer is cut off.
                if pieces.last == "cut" { return context.close(promise: nil) }
                guard pieces.last != "endless" else { return }
                let channel = context.channel
                let sent = context.writeAndFlush(Self.wrapOutboundOut(.end(nil)))
                // The client asks for that, and a request without a body is answered when its head is there.
                if head.headers["Connection"].contains("close") { sent.whenComplete { _ in channel.close(promise: nil) } }
            }
        }
    }

    func withServer(
        _ answer: @escaping Answer, _ body: (OperatorClient) async throws -> Void
    ) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "bennu-\(UUID().uuidString.prefix(8))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Canned(answer))
                }
            }
            .bind(unixDomainSocketPath: path).get()
        do { try await body(OperatorClient(socketPath: path)) } catch {
            try await listener.close()
            throw error
        }
        try await listener.close()
    }

    func problem(_ body: () async throws -> Void) async -> APIProblem? {
        do {
            try await body()
            return nil
        } catch { return error as? APIProblem }
    }

    @Test("An answer in pieces is decoded whole")
    func get() async throws {
        let answer: Answer = { head, _ in (.ok, ["{\"name\":", "\"\(head.method.rawValue) \(head.uri)\"}"]) }
        try await withServer(answer) { client in
            let answer = try await client.get(Name.self, "/v1/hosts?all=1")
            #expect(answer.name == "GET /v1/hosts?all=1")
        }
    }

    @Test("A server that answers and closes as soon as it can is no broken connection")
    func closedAtOnce() async throws {
        let answer: Answer = { _, _ in (.ok, ["{\"name\":\"h1\"}"]) }
        try await withServer(answer) { client in
            var problems: [APIProblem] = []
            for _ in 0..<500 {
                if let problem = await problem({ _ = try await client.get(Name.self, "/v1/hosts") }) { problems.append(problem) }
            }
            #expect(problems == [])
        }
    }

    @Test("A body travels as JSON")
    func send() async throws {
        let answer: Answer = { head, body in
            (head.headers["content-length"] == ["\(body.utf8.count)"] ? .ok : .badRequest, [body])
        }
        try await withServer(answer) { client in
            let name = Name(name: String(repeating: "ä/", count: 100_000))
            let sent = try await client.send("PUT", "/v1/x", body: name, answer: Name.self)
            let posted = try await client.post("/v1/x", body: name, answer: Name.self)
            #expect(sent == name)
            #expect(posted == name)
        }
    }

    @Test("The server's problem is thrown as it is; anything else is shown with its status")
    func problems() async throws {
        let text = #"{"code":"unknown-host","message":"no host \"x\"","cause":"c"}"#
        let answer: Answer = { head, _ in head.uri == "/a" ? (.notFound, [text]) : (.badGateway, ["<html>"]) }
        try await withServer(answer) { client in
            let found = await problem { try await client.delete("/a") }
            #expect(found == APIProblem(code: "unknown-host", message: "no host \"x\"", cause: "c"))
            let other = await problem { try await client.delete("/b") }
            #expect(other?.code == "http-502")
            #expect(other?.cause == "<html>")
            let streamed = await problem { for try await _ in client.lines("/a") {} }
            #expect(streamed?.code == "unknown-host")
        }
    }

    @Test("An answer that is cut off, of another shape, or too large is a problem with a name")
    func badAnswers() async throws {
        let answer: Answer = { head, _ in
            (.ok, head.uri == "/cut" ? ["{", "cut"] : head.uri == "/shape" ? ["[]"] : [String](repeating: "0123456789", count: 200))
        }
        try await withServer(answer) { client in
            var small = client
            small.largestAnswer = 1000
            let limited = small
            #expect(await problem { _ = try await client.get(Name.self, "/cut") }?.code == "connection-lost")
            #expect(await problem { _ = try await client.get(Name.self, "/shape") }?.code == "malformed-answer")
            #expect(await problem { _ = try await limited.get(Name.self, "/large") }?.code == "answer-too-large")
            #expect(await problem { for try await _ in limited.lines("/large") {} }?.code == "answer-too-large")
            #expect(await problem { _ = try await client.get(Name.self, "/a b") }?.code == "malformed-path")
        }
    }

    @Test("No server is a problem that says what to do", arguments: [false, true])
    func unreachable(_ hasStaleSocket: Bool) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "bennu-\(UUID().uuidString.prefix(8))").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        if hasStaleSocket {
            // A server that was killed leaves such a file.
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(unixDomainSocketPath: path).get()
            try FileManager.default.moveItem(atPath: path, toPath: path + ".kept")
            try await channel.close()
            try FileManager.default.moveItem(atPath: path + ".kept", toPath: path)
        }
        let found = await problem { _ = try await OperatorClient(socketPath: path).get(Name.self, "/v1/status") }
        #expect(found?.code == "server-unreachable")
        #expect(found?.message.hasSuffix("is bennu serve running? pass --socket or set BENNU_SOCKET") == true)
        #expect(found?.message.contains(path) == true)
    }

    @Test("Lines come one by one, however the bytes were cut, and reading can stop before the end")
    func lines() async throws {
        let pieces: Answer = { head, _ in
            (.ok, ["{\"a\"", ":1}\n{\"b\":2}\n\n", "c", "\n"] + (head.uri == "/endless" ? ["endless"] : ["last"]))
        }
        try await withServer(pieces) { client in
            var lines: [String] = []
            for try await line in client.lines("/whole") { lines.append(line) }
            #expect(lines == ["{\"a\":1}", "{\"b\":2}", "c", "last"])
            lines = []
            for try await line in client.lines("/endless") {
                lines.append(line)
                if lines.count == 3 { break }
            }
            #expect(lines == ["{\"a\":1}", "{\"b\":2}", "c"])
        }
    }
}
