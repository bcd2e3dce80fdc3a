import NIOCore
import NIOPosix
import Primitives
import TFTPWire

/// The network boot program by TFTP as a BIOS ROM fetches it: blocks of 1,456 bytes, one at a time, to the host's own address.
final class LoaderFetch: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    struct Result: Sendable {
        var bytes = 0
        /// Packets that were sent again since nothing came.
        var repeats = 0
    }

    /// It was refused, or nothing came for 30 s.
    struct Failure: Error {}

    private static let blockSize = 1456
    private let server: SocketAddress
    private let promise: EventLoopPromise<Result>
    private var result = Result()
    private var block: UInt16 = 1
    private var last: AddressedEnvelope<ByteBuffer>
    private var alarm: Scheduled<Void>?
    private var silences = 0

    static func fetch(_ name: String, of server: IPv4Address, to address: IPv4Address, on loop: any EventLoop) async throws -> Result {
        let promise = loop.makePromise(of: Result.self)
        let target = try SocketAddress(ipAddress: server.description, port: 69)
        let channel = try await DatagramBootstrap(group: loop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(LoaderFetch(name, of: target, promise: promise))
            }
        }.bind(host: address.description, port: 0).get()
        defer { channel.close(promise: nil) }
        return try await promise.futureResult.get()
    }

    private init(_ name: String, of server: SocketAddress, promise: EventLoopPromise<Result>) {
        (self.server, self.promise) = (server, promise)
        let request = TFTPRequest(fileName: Array(name.utf8), options: [TFTPOption("tsize", "0"), TFTPOption("blksize", "\(Self.blockSize)")])
        last = AddressedEnvelope(remoteAddress: server, data: ByteBuffer(bytes: TFTPPacket.readRequest(request).encode()))
    }

    func channelActive(context: ChannelHandlerContext) { send(last, context) }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        promise.fail(Failure())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = Self.unwrapInboundIn(data)
        silences = 0
        switch try? TFTPPacket(decoding: Array(envelope.data.readableBytesView)) {
        case .optionAcknowledgement: acknowledge(0, to: envelope.remoteAddress, context)
        case .data(let number, let bytes) where number == block:
            result.bytes += bytes.count
            acknowledge(number, to: envelope.remoteAddress, context)
            block &+= 1
            guard bytes.count < Self.blockSize else { return }
            alarm?.cancel()
            promise.succeed(result)
        case .error: promise.fail(Failure())
        default: break
        }
    }

    private func acknowledge(_ number: UInt16, to peer: SocketAddress, _ context: ChannelHandlerContext) {
        let packet = TFTPPacket.acknowledgement(block: number).encode()
        send(AddressedEnvelope(remoteAddress: peer, data: ByteBuffer(bytes: packet)), context)
    }

    private func send(_ packet: AddressedEnvelope<ByteBuffer>, _ context: ChannelHandlerContext) {
        last = packet
        alarm?.cancel()
        context.writeAndFlush(Self.wrapOutboundOut(packet), promise: nil)
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(2)) {
            self.silences += 1
            guard self.silences < 15 else { return self.promise.fail(Failure()) }
            self.result.repeats += 1
            self.send(self.last, context)
        }
    }
}
