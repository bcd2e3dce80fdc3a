import DatagramIO
package import Fleet
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// The boot server's HTTP side: blobs by digest, network boot programs by name, and each host's iPXE script.
package struct HTTPBootService: Service {
    package var directory: any BootDirectory
    package var advertised: AdvertisedServers
    /// Where to listen; `0.0.0.0` serves every interface.
    package var addresses: [String]
    /// 0 lets the system choose: see `onBound`.
    package var port: Int
    package var limits: HTTPLimits
    package var counters: OutcomeCounters
    package var logger: Logger
    /// Called once, when all listeners are bound, with what they are bound to.
    package var onBound: @Sendable ([SocketAddress]) -> Void

    package init(
        directory: any BootDirectory, advertised: AdvertisedServers, addresses: [String] = ["0.0.0.0"], port: Int,
        limits: HTTPLimits = .init(),
        counters: OutcomeCounters = OutcomeCounters(label: "bennu_boot_http"), logger: Logger,
        onBound: @escaping @Sendable ([SocketAddress]) -> Void = { _ in }
    ) {
        (self.directory, self.advertised, self.addresses, self.port) = (directory, advertised, addresses, port)
        (self.limits, self.counters, self.logger, self.onBound) = (limits, counters, logger, onBound)
    }

    /// Throws when an address cannot be bound; otherwise returns after a graceful shutdown or cancellation.
    package func run() async throws {
        let pipeline = BootHTTPPipeline(directory: directory, advertised: advertised, limits: limits, counters: counters, logger: logger)
        let connections = ConnectionRegistry(limit: limits.connections)
        var listeners: [any Channel] = []
        do {
            for address in addresses {
                listeners.append(try await bootstrap(pipeline, connections).bind(host: address, port: port).get())
            }
        } catch {
            for listener in listeners { try? await listener.close() }
            throw error
        }
        let bound = listeners.compactMap(\.localAddress)
        logger.info("boot server listens", metadata: ["http.addresses": "\(bound)"])
        onBound(bound)
        try? await gracefulShutdown()
        for listener in listeners { try? await listener.close() }
        await connections.quiesce(grace: limits.grace)
    }

    private func bootstrap(_ pipeline: BootHTTPPipeline, _ connections: ConnectionRegistry) -> ServerBootstrap {
        let group = MultiThreadedEventLoopGroup.singleton
        for loop in group.makeIterator() { loop.execute { PromptThread.begin() } }
        let turns = Dictionary(uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), TransferTurns(eventLoop: $0)) })
        return ServerBootstrap(group: group)
            // The system cuts it to net.core.somaxconn. What does not fit waits for its next SYN: 1, 3, 7 s.
            .serverChannelOption(.backlog, value: 16_384)
            // Taken in at once, they wait in line here. With the few that are usual for a look at the sockets, the system's line overflows in a storm.
            .serverChannelOption(.maxMessagesPerRead, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [counters] channel in
                guard connections.admit(channel) else {
                    counters.count(HTTPRefusal.tooManyConnections.rawValue)
                    return channel.close()
                }
                return channel.eventLoop.makeCompletedFuture {
                    try pipeline.install(
                        in: channel, turns: turns[ObjectIdentifier(channel.eventLoop)] ?? TransferTurns(eventLoop: channel.eventLoop))
                }
            }
    }
}
