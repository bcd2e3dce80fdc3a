import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the server sends to someone who writes `bytes` and then waits until the server closes.
func exchange(_ port: Int, _ bytes: String, onFirstBytes: () async -> Void = {}) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    return try await channel.executeThenClose { input, output in
        var received = ByteBuffer()
        do {
            if !bytes.isEmpty { try await output.write(ByteBuffer(string: bytes)) }
            for try await buffer in input {
                if received.readableBytes == 0 { await onFirstBytes() }
                received.writeImmutableBuffer(buffer)
            }
        } catch let error where error is IOError || error is ChannelError {
            // A reset is an end as well, and so is a server that closed first.
        }
        return String(buffer: received)
    }
}

/// A client that sends a request and never reads a byte of the answer, until `body` returns.
func connectWithoutReading(_ port: Int, _ bytes: String, while body: () async throws -> Void) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.autoRead, value: false)
        .connect(host: "127.0.0.1", port: port).get()
    try await channel.writeAndFlush(ByteBuffer(string: bytes))
    do { try await body() } catch {
        try? await channel.close()
        throw error
    }
    try? await channel.close()
}

/// Reads until it has `enough` bytes, then resets the connection, as firmware does; what it had.
func exchangeThenReset(_ port: Int, _ bytes: String, enough: Int) async throws -> ByteBuffer {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    // Closing without waiting sends RST.
    try await (channel.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
    return try await channel.executeThenClose { input, output in
        try await output.write(ByteBuffer(string: bytes))
        var received = ByteBuffer()
        for try await buffer in input {
            received.writeImmutableBuffer(buffer)
            if received.readableBytes >= enough { break }
        }
        return received
    }
}

/// A TFTP client that sends and receives single datagrams.
struct RawDatagrams {
    var port: Int
    var iterator: NIOAsyncChannelInboundStream<AddressedEnvelope<ByteBuffer>>.AsyncIterator
    let writer: NIOAsyncChannelOutboundWriter<AddressedEnvelope<ByteBuffer>>
    let server: SocketAddress

    func send(_ bytes: [UInt8], to address: SocketAddress? = nil) async throws {
        try await writer.write(AddressedEnvelope(remoteAddress: address ?? server, data: ByteBuffer(bytes: bytes)))
    }

    mutating func receive() async throws -> (from: SocketAddress, bytes: [UInt8]) {
        guard let envelope = try await iterator.next() else { throw ChannelError.eof }
        return (envelope.remoteAddress, Array(envelope.data.readableBytesView))
    }
}

func withDatagrams(_ port: Int, _ body: (inout RawDatagrams) async throws -> Void) async throws {
    let server = try SocketAddress(ipAddress: "127.0.0.1", port: port)
    let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .bind(host: "127.0.0.1", port: 0) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>>(wrappingChannelSynchronously: channel)
            }
        }
    try await channel.executeThenClose { input, output in
        var client = RawDatagrams(
            port: channel.channel.localAddress?.port ?? 0, iterator: input.makeAsyncIterator(), writer: output, server: server)
        try await body(&client)
    }
}
