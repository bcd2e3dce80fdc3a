import BootServer
import FuzzDriver
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// What a client sends on one connection, through NIO's parser and our handler to the answers; see `Witness` for what must hold of those.
/// The sum of the bytes, which means nothing to a server, says in what pieces they come, what the fleet decides, and whether the client waits.
let site = try Site()
var limits = HTTPLimits()
// Small, so that a file of this site takes several pieces and several turns.
(limits.smallestPiece, limits.largestPiece, limits.turn, limits.requestsPerSecond) = (32 << 10, 64 << 10, 96 << 10, 1_000_000_000)
let pipeline = BootHTTPPipeline(
    directory: site, advertised: AdvertisedServers(configurationPort: 8081), limits: limits, counters: OutcomeCounters(label: "fuzz"),
    logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })

fuzz { bytes in
    let dice = bytes.reduce(0) { $0 &+ Int($1) }
    site.decide(by: dice >> 3)
    let witness = Witness()
    let channel = EmbeddedChannel()
    do {
        channel.localAddress = try SocketAddress(ipAddress: "10.0.0.1", port: 8080)
        channel.remoteAddress = try SocketAddress(ipAddress: "10.0.0.9", port: 50_000)
        try pipeline.install(in: channel)
        let ours = try channel.pipeline.syncOperations.context(name: BootHTTPPipeline.handlerName).handler
        try channel.pipeline.syncOperations.addHandler(witness, position: .before(ours))
        try channel.connect(to: SocketAddress(ipAddress: "10.0.0.9", port: 50_000)).wait()
    } catch {
        preconditionFailure("no connection: \(error)")
    }
    let piece = [max(bytes.count, 1), 1, 7, 100][dice & 3]
    for start in stride(from: 0, to: bytes.count, by: piece) where channel.isActive {
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + piece)]))
        // Others have had their turn.
        if dice & 4 == 0 { channel.embeddedEventLoop.advanceTime(by: .milliseconds(1)) }
    }
    precondition(!channel.isActive || dice & 4 != 0 || !witness.isOwing, "a request without an answer")
    // The client is gone; a transfer that waits for its turn finds that out when the turn comes.
    channel.close(promise: nil)
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    _ = try? channel.finish(acceptAlreadyClosed: true)
}
