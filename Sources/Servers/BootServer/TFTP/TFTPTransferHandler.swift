import Logging
import NIOCore
import TFTPWire

/// One transfer on its own socket: `TFTPReadTransfer` decides, this reads the file, sends and keeps the time.
final class TFTPTransferHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let shared: TFTPContext
    private let source: TFTPSource
    private let client: SocketAddress
    private let name: String
    private var transfer: TFTPReadTransfer
    private var started = NIODeadline.now()
    private var deadline = NIODeadline.distantFuture
    private var alarm: Scheduled<Void>?
    private var isDone = false

    init(shared: TFTPContext, request: TFTPRequest, source: TFTPSource, client: SocketAddress) {
        (self.shared, self.source, self.client) = (shared, source, client)
        name = TFTPContext.printable(request.fileName)
        transfer = TFTPReadTransfer(request: request, fileSize: source.size, limits: shared.limits.transfer)
    }

    func channelActive(context: ChannelHandlerContext) {
        started = .now()
        perform(transfer.start(), context: context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = nil
        if !isDone { failed(.stopped) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = Self.unwrapInboundIn(data)
        guard envelope.remoteAddress == client else {
            // RFC 1350 section 4: tell the stranger, and go on.
            shared.counters.count(TFTPRefusal.unknownTransferID.rawValue)
            let packet = TFTPPacket.error(.unknownTransferID, message: TFTPRefusal.unknownTransferID.rawValue)
            return send(packet.encode(), to: envelope.remoteAddress, context: context)
        }
        guard !isDone else { return }
        do throws(TFTPDecodeError) {
            perform(transfer.receive(try TFTPPacket(decoding: Array(envelope.data.readableBytesView))), context: context)
        } catch {
            shared.counters.count(TFTPRefusal.malformed.rawValue)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        shared.logger.debug("TFTP transfer", metadata: ["error": "\(error)"])
    }

    private func perform(_ action: TFTPReadTransfer.Action, context: ChannelHandlerContext) {
        switch action {
        case .send(let blocks): sendBlocks(blocks, context: context)
        case .sendOptionAcknowledgement(let options):
            send(TFTPPacket.optionAcknowledgement(options).encode(), to: client, context: context)
            keepTime(context)
        case .finished: sent(isAcknowledged: true, context: context)
        case .failed(.lastBlockUnacknowledged): sent(isAcknowledged: false, context: context)
        case .failed(.clientError(_, _, beforeFirstBlock: true)):
            // Firmware asks for the size this way, and then again for the file.
            shared.counters.count("size-asked")
            done(context)
        case .failed(.clientError): fail(.abandoned, context: context)
        case .failed(.optionsUnacknowledged), .failed(.unacknowledged): fail(.noAnswer, context: context)
        case .ignore: break
        }
    }

    private func sendBlocks(_ blocks: ClosedRange<Int>, context: ChannelHandlerContext) {
        let range = transfer.byteRange(of: blocks.lowerBound).lowerBound..<transfer.byteRange(of: blocks.upperBound).upperBound
        guard let bytes = source.read(range) else {
            send(TFTPPacket.error(.undefined, message: TFTPRefusal.fileChanged.rawValue).encode(), to: client, context: context)
            return fail(.fileChanged, context: context)
        }
        for block in blocks {
            let part = transfer.byteRange(of: block)
            var buffer = context.channel.allocator.buffer(capacity: part.count + 4)
            buffer.writeBytes(TFTPPacket.dataHeader(block: transfer.wireNumber(of: block)))
            buffer.writeBytes(bytes[(part.lowerBound - range.lowerBound)..<(part.upperBound - range.lowerBound)])
            context.write(Self.wrapOutboundOut(AddressedEnvelope(remoteAddress: client, data: buffer)), promise: nil)
        }
        context.flush()
        keepTime(context)
    }

    private func send(_ packet: [UInt8], to address: SocketAddress, context: ChannelHandlerContext) {
        let envelope = AddressedEnvelope(remoteAddress: address, data: context.channel.allocator.buffer(bytes: packet))
        context.writeAndFlush(Self.wrapOutboundOut(envelope), promise: nil)
    }

    /// Moves the deadline; the alarm looks at it when it goes off, so an acknowledged block costs no timer.
    private func keepTime(_ context: ChannelHandlerContext) {
        deadline = .now() + TimeAmount(transfer.timeoutInterval)
        if alarm == nil { watch(context) }
    }

    private func watch(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = bound.value
            handler.alarm = nil
            guard !handler.isDone else { return }
            guard handler.deadline <= .now() else { return handler.watch(context) }
            handler.shared.counters.count("retransmission")
            handler.perform(handler.transfer.timeout(), context: context)
        }
    }

    private func sent(isAcknowledged: Bool, context: ChannelHandlerContext) {
        let milliseconds = (NIODeadline.now() - started).nanoseconds / 1_000_000
        var attributes = [
            "name": name, "bytes": "\(source.size)", "milliseconds": "\(milliseconds)", "block-size": "\(transfer.blockSize)",
            "window-size": "\(transfer.windowSize)", "address": client.ipAddress ?? "unknown",
        ]
        if !isAcknowledged { attributes["acknowledged"] = "no" }
        shared.counters.count("sent")
        shared.record("loader-sent", detail: "\(name): \(source.size) bytes in \(milliseconds) ms", attributes: attributes)
        done(context)
    }

    private func fail(_ refusal: TFTPRefusal, context: ChannelHandlerContext) {
        failed(refusal)
        done(context)
    }

    private func failed(_ refusal: TFTPRefusal) {
        shared.counters.count(refusal.rawValue)
        let bytes = transfer.byteRange(of: transfer.acknowledged).upperBound
        shared.record(
            "loader-aborted", detail: "\(name): \(refusal.rawValue) after \(bytes) of \(source.size) bytes",
            attributes: ["name": name, "reason": refusal.rawValue, "bytes": "\(bytes)", "address": client.ipAddress ?? "unknown"])
    }

    private func done(_ context: ChannelHandlerContext) {
        isDone = true
        context.close(promise: nil)
    }
}
