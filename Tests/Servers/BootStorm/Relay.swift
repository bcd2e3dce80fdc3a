import DHCPWire
import NIOCore
import NIOPosix
import Primitives

/// A relay agent that asks for every host, and wants its replies where it sent from (RFC 8357).
final class Relay: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    let address: IPv4Address
    private let server: SocketAddress
    private let waiting: NIOLoopBoundBox<[UInt32: EventLoopPromise<DHCPMessage>]>
    private let channel: NIOLockedChannel

    init(address: IPv4Address, server: IPv4Address, on loop: any EventLoop) async throws {
        self.address = address
        self.server = try SocketAddress(ipAddress: server.description, port: 67)
        waiting = .makeBoxSendingValue([:], eventLoop: loop)
        channel = NIOLockedChannel()
        let bound = try await DatagramBootstrap(group: loop)
            .channelOption(.socketOption(.so_rcvbuf), value: 8 << 20)
            .channelOption(.datagramVectorReadMessageCount, value: 64)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 * 2048))
            .channelOption(.maxMessagesPerRead, value: 16)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(self) }
            }
            .bind(host: address.description, port: 0).get()
        channel.set(bound)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(Self.unwrapInboundIn(data).data.readableBytesView)
        guard let reply = try? DHCPMessage(decoding: bytes) else { return }
        waiting.value.removeValue(forKey: reply.transactionID)?.succeed(reply)
    }

    /// The reply to `message`, which is sent again after 2, 4, 8… seconds as firmware does; counts each time in `retries`.
    func exchange(_ message: DHCPMessage, retries: inout Int) async throws -> DHCPMessage {
        var delay: Int64 = 2
        while true {
            do {
                return try await ask(message, within: .seconds(delay))
            } catch is Silence {
                (retries, delay) = (retries + 1, min(delay * 2, 16))
            }
        }
    }

    private struct Silence: Error {}

    private func ask(_ message: DHCPMessage, within time: TimeAmount) async throws -> DHCPMessage {
        var message = message
        message.relayAddress = address
        message.options.set(.relayAgentInformation, to: [19, 0])
        let bytes = try message.encode(maximumSize: 1472)
        let (key, channel) = (message.transactionID, channel.get())
        return try await channel.eventLoop.flatSubmit { [self, message] in
            let promise = channel.eventLoop.makePromise(of: DHCPMessage.self)
            waiting.value[message.transactionID] = promise
            let alarm = channel.eventLoop.scheduleTask(in: time) { [self] in waiting.value.removeValue(forKey: key)?.fail(Silence()) }
            promise.futureResult.whenComplete { _ in alarm.cancel() }
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: server, data: ByteBuffer(bytes: bytes)), promise: nil)
            return promise.futureResult
        }.get()
    }
}
