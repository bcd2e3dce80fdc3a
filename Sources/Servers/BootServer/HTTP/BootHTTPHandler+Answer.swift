import BootPolicy
import Fleet
import FleetModel
import Logging
import NIOCore
import NIOHTTP1
import Primitives

extension BootHTTPHandler {
    func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        do throws(HTTPRefusal) {
            switch try BootRequest(uri: head.uri) {
            case .index:
                respond(.ok, text: "Bennu boot server\n", to: head, context: context)
            case .blob(let digest, let boot):
                guard let blob = shared.directory.blob(digest) else { throw .unknownBlob }
                try send(FileAnswer(blob: blob, boot: boot, kind: .blob), head, context: context)
            case .bootFile(let name):
                guard let blob = shared.directory.bootFile(name) else { throw .unknownBootFile }
                try send(FileAnswer(blob: blob, boot: nil, kind: .bootFile(name)), head, context: context)
            case .firstScript:
                respond(.ok, text: IPXEScript.first(from: try servers(context)), to: head, context: context)
                if head.method == .GET { shared.counters.count("first-script-sent") }
            case .script(let address, let uuid):
                try answerScript(IPXEScript.Client(hardwareAddress: address, uuid: uuid), head, context: context)
            }
        } catch {
            refuse(error, head, context: context)
        }
    }

    func refuse(
        _ refusal: HTTPRefusal, _ head: HTTPRequestHead, context: ChannelHandlerContext, headers: [(String, String)] = [],
        thenClose: Bool = false, status: HTTPResponseStatus? = nil
    ) {
        shared.counters.count(refusal.rawValue)
        shared.logger.debug("boot request refused", metadata: ["refusal": "\(refusal.rawValue)", "client": "\(remote)"])
        var headers = headers
        if refusal == .methodNotAllowed { headers.append(("Allow", "GET, HEAD")) }
        respond(
            status ?? refusal.status, text: "\(refusal.rawValue): \(refusal.explanation)\n", to: head, context: context, headers: headers,
            thenClose: thenClose)
    }

    /// 503 with Retry-After (RFC 9110 section 10.2.3). The reason phrase says it as well: all that busybox's wget shows of a refusal.
    func queue(_ place: QueuePlace, seconds: Int, _ head: HTTPRequestHead, context: ChannelHandlerContext) {
        refuse(
            .queued, head, context: context, headers: [("Retry-After", "\(seconds)")],
            status: .custom(code: 503, reasonPhrase: "queued, \(place.before) before you, ask again in \(seconds) s"))
    }

    func respond(
        _ status: HTTPResponseStatus, text: String, to head: HTTPRequestHead, context: ChannelHandlerContext,
        headers: [(String, String)] = [], thenClose: Bool = false
    ) {
        let fields = [
            ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "\(text.utf8.count)"), ("Cache-Control", "no-store"),
        ]
        write(status, fields + headers, to: head, context: context, thenClose: thenClose)
        if head.method != .HEAD {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(string: text)))), promise: nil)
        }
        finish(head, context: context, thenClose: thenClose)
    }

    /// Writes the head. No field is ever empty: OVMF hangs at `Server:` without a value.
    func write(
        _ status: HTTPResponseStatus, _ fields: [(String, String)], to head: HTTPRequestHead, context: ChannelHandlerContext,
        thenClose: Bool = false
    ) {
        var headers = HTTPHeaders(fields)
        if thenClose || !head.isKeepAlive {
            headers.add(name: "Connection", value: "close")
        } else if head.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        context.write(Self.wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
    }

    private func answerScript(_ client: IPXEScript.Client, _ head: HTTPRequestHead, context: ChannelHandlerContext) throws(HTTPRefusal) {
        let text = shared.script(for: client, from: try servers(context), at: remote, isRecorded: head.method == .GET)
        respond(.ok, text: text, to: head, context: context)
    }

    /// As this client reaches them.
    private func servers(_ context: ChannelHandlerContext) throws(HTTPRefusal) -> IPXEScript.Servers {
        if let reached { return reached }
        guard let local = context.localAddress, let address = local.ipAddress, let port = local.port else { throw .malformed }
        let servers = shared.advertised.servers(localAddress: address, localPort: port)
        reached = servers
        return servers
    }
}
