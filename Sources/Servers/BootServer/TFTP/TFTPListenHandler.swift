import Logging
import NIOCore
import NIOPosix
import TFTPWire

/// Port 69: takes read requests, gives each its own socket (a new transfer identifier, RFC 1350 section 4), refuses the rest.
final class TFTPListenHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let shared: TFTPContext

    init(shared: TFTPContext) { self.shared = shared }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = Self.unwrapInboundIn(data)
        let packet: TFTPPacket
        do throws(TFTPDecodeError) {
            packet = try TFTPPacket(decoding: Array(envelope.data.readableBytesView))
        } catch {
            // No answer: the sender may be forged, and an ERROR to an ERROR never ends.
            return shared.refused(.malformed, name: nil, client: envelope.remoteAddress)
        }
        switch packet {
        case .readRequest(let request): read(request, envelope, context: context)
        case .writeRequest(let request): refuse(.writeRefused, request, to: envelope.remoteAddress, context: context)
        case .data, .acknowledgement, .error, .optionAcknowledgement:
            shared.refused(.unexpectedPacket, name: nil, client: envelope.remoteAddress)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A listener outlives what one datagram does to it.
        shared.logger.debug("TFTP listener", metadata: ["error": "\(error)"])
    }

    private func read(_ request: TFTPRequest, _ envelope: AddressedEnvelope<ByteBuffer>, context: ChannelHandlerContext) {
        let client = envelope.remoteAddress
        // Behind 0.0.0.0 the answer must come from the address that was asked.
        guard let listener = envelope.metadata?.packetInfo?.destinationAddress ?? context.localAddress, let local = listener.ipAddress
        else {
            return refuse(.noSocket, request, to: client, context: context)
        }
        let key = TFTPTransferTable.Key(client: client, listener: listener, request: request)
        switch shared.transfers.admit(key) {
        case .duplicate: return shared.counters.count("duplicate-request")
        case .refused(let refusal): return refuse(refusal, request, to: client, context: context)
        case .admitted: break
        }
        let source: TFTPSource
        do throws(TFTPRefusal) {
            source = try shared.source(for: request)
        } catch {
            shared.transfers.ended(key)
            return refuse(error, request, to: client, context: context)
        }
        begin(request, source, key, local: local, context: context)
    }

    private func begin(
        _ request: TFTPRequest, _ source: TFTPSource, _ key: TFTPTransferTable.Key, local: String, context: ChannelHandlerContext
    ) {
        let shared = shared
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = TFTPTransferHandler(shared: shared, request: request, source: source, client: key.client)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: local, port: 0)
            .hop(to: context.eventLoop)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    shared.transfers.began(key, on: channel)
                    channel.closeFuture.whenComplete { _ in shared.transfers.ended(key) }
                case .failure:
                    shared.transfers.ended(key)
                    let (handler, context) = bound.value
                    handler.refuse(.noSocket, request, to: key.client, context: context)
                }
            }
    }

    private func refuse(_ refusal: TFTPRefusal, _ request: TFTPRequest, to client: SocketAddress, context: ChannelHandlerContext) {
        shared.refused(refusal, name: TFTPContext.printable(request.fileName), client: client)
        let packet = TFTPPacket.error(refusal.code, message: refusal.rawValue).encode()
        let envelope = AddressedEnvelope(remoteAddress: client, data: context.channel.allocator.buffer(bytes: packet))
        context.writeAndFlush(Self.wrapOutboundOut(envelope), promise: nil)
    }
}
