package import Fleet
package import Logging
package import NIOCore
import NIOHTTP1

/// How a channel becomes a connection of the boot server: NIO's parser, then our handler. For the service's sockets, and for whoever brings a
/// channel of its own.
package struct BootHTTPPipeline: Sendable {
    private let shared: BootHTTPContext
    /// Of our handler, which is last.
    package static let handlerName = "boot"

    package init(
        directory: any BootDirectory, advertised: AdvertisedServers, limits: HTTPLimits, counters: OutcomeCounters, logger: Logger
    ) {
        shared = BootHTTPContext(directory: directory, advertised: advertised, limits: limits, counters: counters, logger: logger)
    }

    /// On the channel's event loop, for a channel that takes turns with no other.
    package func install(in channel: any Channel) throws { try install(in: channel, turns: TransferTurns(eventLoop: channel.eventLoop)) }

    /// On the channel's event loop, of which `turns` is.
    func install(in channel: any Channel, turns: TransferTurns) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true)
        try pipeline.addHandler(BootHTTPHandler(shared: shared, turns: turns), name: Self.handlerName)
    }
}
