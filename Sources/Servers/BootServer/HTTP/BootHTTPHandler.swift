import BootPolicy
import Logging
import NIOCore
import NIOHTTP1

/// One connection: reads a request at a time (the pipeline holds the next one back until this one is answered) and answers it.
final class BootHTTPHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let shared: BootHTTPContext
    let turns: TransferTurns
    /// The request that is being read or answered.
    var request: HTTPRequestHead?
    var transfer: Transfer?
    /// The client's address, for events, logs and its share of requests.
    private(set) var remote = "unknown"
    /// As this client reaches them; `nil` before its first script.
    var reached: IPXEScript.Servers?
    private var isClosing = false
    private var deadline = NIODeadline.distantFuture
    /// Goes off no later than the deadline and looks at it then, so that moving the deadline on costs no timer.
    private var alarm: Scheduled<Void>?
    private var alarmTime: NIODeadline?

    init(shared: BootHTTPContext, turns: TransferTurns) { (self.shared, self.turns) = (shared, turns) }

    func channelActive(context: ChannelHandlerContext) {
        remote = context.remoteAddress?.ipAddress ?? remote
        setDeadline(shared.limits.requestTimeout, context: context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = nil
        isClosing = true
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            request = head
            if let refusal = Self.refusal(of: head, limits: shared.limits) {
                // What follows such a head cannot be trusted to begin a request.
                refuse(refusal, head, context: context, thenClose: refusal != .methodNotAllowed || Self.hasBody(head))
            }
        case .body:
            break
        case .end:
            guard let head = request, transfer == nil else { return }
            guard shared.rates.admits(remote, now: .now()) else {
                return refuse(.tooManyRequests, head, context: context, headers: [("Retry-After", "1")], thenClose: true)
            }
            answer(head, context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The pipeline has answered 400 to what was no HTTP; broken connections also come here.
        if error is HTTPParserError, !isClosing {
            shared.counters.count(HTTPRefusal.malformed.rawValue)
        }
        shared.logger.debug("boot connection failed", metadata: ["error": "\(error)"])
        isClosing = true
        context.close(promise: nil)
    }

    /// The answer is written; the connection is ready for another request or closes.
    func finish(_ head: HTTPRequestHead, context: ChannelHandlerContext, thenClose: Bool = false) {
        request = nil
        let closes = thenClose || !head.isKeepAlive
        if closes { isClosing = true }
        setDeadline(shared.limits.requestTimeout, context: context)
        let written = context.eventLoop.makePromise(of: Void.self)
        if closes {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
        }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: written)
    }

    /// Closes the connection unless the deadline moves before then.
    func setDeadline(_ amount: TimeAmount, context: ChannelHandlerContext) {
        deadline = .now() + amount
        if let due = alarmTime, due <= deadline { return }
        alarm?.cancel()
        watch(context)
    }

    private func watch(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        alarmTime = deadline
        alarm = context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = bound.value
            (handler.alarm, handler.alarmTime) = (nil, nil)
            guard context.channel.isActive else { return }
            guard handler.deadline <= .now() else { return handler.watch(context) }
            handler.isClosing = true
            if handler.transfer == nil { handler.shared.counters.count(HTTPRefusal.idle.rawValue) }
            context.close(promise: nil)
        }
    }

    static func refusal(of head: HTTPRequestHead, limits: HTTPLimits) -> HTTPRefusal? {
        if head.uri.utf8.count > limits.longestURI { return .uriTooLong }
        let size = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        if size > limits.largestHeaders { return .headersTooLarge }
        // RFC 9112 section 3.2.
        if head.version == .http1_1, head.headers["host"].count != 1 { return .malformed }
        if head.method != .GET, head.method != .HEAD { return .methodNotAllowed }
        return hasBody(head) ? .bodyNotAccepted : nil
    }

    static func hasBody(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "transfer-encoding") || head.headers["content-length"].contains { $0 != "0" }
    }
}
