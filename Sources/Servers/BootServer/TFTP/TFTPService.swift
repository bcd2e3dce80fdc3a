package import DatagramIO
package import Fleet
package import Logging
package import Primitives
import ServiceLifecycle
import Synchronization

/// The boot server's TFTP side (RFC 1350, 2347, 2348, 2349, 7440): network boot programs for firmware, read only.
///
/// One plain thread serves everybody. Transfers share a few sockets: a client and one of its ports have another of them for each transfer, so that
/// the pair of transfer identifiers is a transfer's own (RFC 1350 section 4).
package struct TFTPService: Service {
    package var directory: any BootDirectory
    /// Where to listen; `0.0.0.0` serves every interface.
    package var addresses: [IPv4Address]
    /// 69 outside of tests; 0 lets the system choose: see `onListening`.
    package var port: UInt16
    /// Whether all packets come from the port that is asked, against the RFC, for clients that see nothing else: behind address translation, and some
    /// management controllers.
    package var isSinglePort: Bool
    package var limits: TFTPLimits
    package var counters: OutcomeCounters
    package var drops: SocketDrops
    package var logger: Logger
    /// Called once, when everything is bound, with the ports that are asked, in the order of the addresses.
    package var onListening: @Sendable ([UInt16]) -> Void

    package init(
        directory: any BootDirectory, addresses: [IPv4Address] = [.any], port: UInt16 = 69, isSinglePort: Bool = false, limits: TFTPLimits = .init(),
        counters: OutcomeCounters = OutcomeCounters(label: "bennu_tftp"), drops: SocketDrops = SocketDrops(), logger: Logger,
        onListening: @escaping @Sendable ([UInt16]) -> Void = { _ in }
    ) {
        (self.directory, self.addresses, self.port, self.isSinglePort) = (directory, addresses, port, isSinglePort)
        (self.limits, self.counters, self.drops, self.logger, self.onListening) = (limits, counters, drops, logger, onListening)
    }

    /// As many transfers at once can one port of a client have.
    static let transferSockets = 8
    /// Bytes: answers of 1,000 clients at once wait here, and a batch of windows.
    private static let (receiveBuffer, sendBuffer): (Int32, Int32) = (4 << 20, 4 << 20)

    /// Throws when an address cannot be bound; otherwise returns after a graceful shutdown or cancellation.
    package func run() async throws {
        let listeners = try addresses.map { address throws(SocketError) in try open(address, port: port) }
        let transferAddress = addresses.count == 1 ? addresses[0] : .any
        let sockets = try (0..<(isSinglePort ? 0 : Self.transferSockets)).map { _ throws(SocketError) in try open(transferAddress, port: 0) }
        drops.watch(listeners + sockets)
        defer { drops.watch([]) }
        let context = TFTPContext(directory: directory, limits: limits, counters: counters, logger: logger)
        let stop = try WakeUp()
        let failure = Mutex<SocketError?>(nil)
        let (ended, ending) = AsyncStream<Void>.makeStream()
        try PlainThread.start("tftp") {
            // The loop is made inside its thread: only descriptors and Sendable values cross.
            do throws(SocketError) {
                try TFTPLoop(context: context, listeners: listeners, transferSockets: sockets, stop: stop).run()
            } catch {
                failure.withLock { $0 = error }
            }
            ending.finish()
        }
        logger.info("TFTP server listens", metadata: ["tftp.addresses": "\(addresses)", "tftp.port": "\(listeners.first?.localPort ?? 0)"])
        onListening(listeners.map(\.localPort))
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                // Not cancelled with the task: the thread ends by the wake-up, and what it holds must not outlive this function.
                await Task { for await _ in ended {} }.value
            } onGracefulShutdown: {
                stop.signal()
            }
        } onCancel: {
            stop.signal()
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func open(_ address: IPv4Address, port: UInt16) throws(SocketError) -> UDPSocket {
        let socket = try UDPSocket(address: address, port: port, receiveBuffer: Self.receiveBuffer)
        socket.setSendBuffer(Self.sendBuffer)
        return socket
    }
}
