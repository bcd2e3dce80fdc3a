package import Fleet
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// The boot server's TFTP side (RFC 1350, 2347, 2348, 2349, 7440): network boot programs for firmware, read only.
package struct TFTPService: Service {
    package var directory: any BootDirectory
    /// Where to listen; `0.0.0.0` serves every interface.
    package var addresses: [String]
    /// 69 outside of tests; 0 lets the system choose: see `onBound`.
    package var port: Int
    package var limits: TFTPLimits
    package var counters: OutcomeCounters
    package var logger: Logger
    /// Called once, when all listeners are bound, with what they are bound to.
    package var onBound: @Sendable ([SocketAddress]) -> Void

    package init(
        directory: any BootDirectory, addresses: [String] = ["0.0.0.0"], port: Int = 69, limits: TFTPLimits = .init(),
        counters: OutcomeCounters = OutcomeCounters(label: "bennu_tftp"), logger: Logger,
        onBound: @escaping @Sendable ([SocketAddress]) -> Void = { _ in }
    ) {
        (self.directory, self.addresses, self.port, self.limits) = (directory, addresses, port, limits)
        (self.counters, self.logger, self.onBound) = (counters, logger, onBound)
    }

    /// Throws when an address cannot be bound; otherwise returns after a graceful shutdown or cancellation.
    package func run() async throws {
        let shared = TFTPContext(directory: directory, limits: limits, counters: counters, logger: logger)
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.receivePacketInfo, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TFTPListenHandler(shared: shared))
                }
            }
        var listeners: [any Channel] = []
        do {
            for address in addresses { listeners.append(try await bootstrap.bind(host: address, port: port).get()) }
        } catch {
            for listener in listeners { try? await listener.close() }
            throw error
        }
        let bound = listeners.compactMap(\.localAddress)
        logger.info("TFTP server listens", metadata: ["tftp.addresses": "\(bound)"])
        onBound(bound)
        try? await gracefulShutdown()
        for listener in listeners { try? await listener.close() }
        await shared.transfers.stop(grace: limits.grace)
    }
}
