import AddressPlan
package import DatagramIO
package import Fleet
import Glibc
package import Logging
import Primitives
import ServiceLifecycle
import Synchronization

/// Gives addresses and points booting hosts at the boot server (RFC 2131, RFC 4578, UEFI HTTP Boot).
///
/// Three plain threads: one receives and decides, one commits and acknowledges, one asks the wire ahead of time. Starts last and stops first of all servers.
package struct DHCPServer: Service {
    package let statistics: DHCPStatistics
    /// Its last packets, for operators.
    package let trace: DHCPTrace
    /// For operators, while it runs.
    package let orders = LeaseOrders()
    private let configuration: DHCPServerConfiguration
    private let directory: any BootDirectory
    private let leases: any LeaseStore
    private let logger: Logger
    private let clock: @Sendable () -> Int64
    private let openEndpoints: @Sendable (DHCPServerConfiguration) throws -> [Endpoint]
    private let openLink: @Sendable (UInt32, LinkSocket.Kind) throws(SocketError) -> LinkSocket
    private let onListening: @Sendable ([UInt16]) -> Void

    /// `clock` is in seconds since 1970, `traceClock` in milliseconds. `onListening` is told the bound ports: DHCP's in the order of the interfaces, then ProxyDHCP's.
    package init(
        configuration: DHCPServerConfiguration, directory: any BootDirectory, leases: any LeaseStore, logger: Logger,
        clock: @escaping @Sendable () -> Int64 = { Int64(Glibc.time(nil)) },
        traceClock: @escaping @Sendable () -> Int64 = DHCPTrace.milliseconds,
        openEndpoints: @escaping @Sendable (DHCPServerConfiguration) throws -> [Endpoint] = Endpoint.open,
        openLink: @escaping @Sendable (UInt32, LinkSocket.Kind) throws(SocketError) -> LinkSocket = LinkSocket.init,
        onListening: @escaping @Sendable ([UInt16]) -> Void = { _ in }
    ) {
        let statistics = DHCPStatistics()
        self.statistics = statistics
        trace = DHCPTrace(statistics: statistics, clock: traceClock)
        (self.configuration, self.directory, self.leases) = (configuration, directory, leases)
        (self.logger, self.clock) = (logger, clock)
        (self.openEndpoints, self.openLink, self.onListening) = (openEndpoints, openLink, onListening)
    }

    /// Until a graceful shutdown, cancellation, or a socket that fails for good.
    package func run() async throws {
        let stored = try await leases.load()
        let table = startingTable(stored)
        let endpoints = try openEndpoints(configuration)
        trace.name(Dictionary(zip(endpoints.map(\.interfaceIndex), configuration.interfaces.map(\.name)), uniquingKeysWith: { first, _ in first }))
        statistics.drops.watch(endpoints.map(\.socket))
        defer { statistics.drops.watch([]) }
        let stop = try StopRequest()
        let queue = try CommitQueue(limit: configuration.commitQueueLimit)
        let results = CommitResults()
        let commit = CommitLoop(
            queue: queue, leases: leases, results: results, sender: ReplySender(clientPort: configuration.clientPort),
            statistics: statistics, trace: trace)
        let failure = Mutex<SocketError?>(nil)
        let failed: @Sendable (SocketError) -> Void = { error in
            failure.withLock { $0 = $0 ?? error }
            stop.request()
        }
        let (ended, ending) = AsyncStream<Void>.makeStream()
        let (probed, probing) = AsyncStream<Void>.makeStream()
        let stopProbing = try StopRequest()
        let probes = ProbeLoop(
            probeTime: configuration.probeTime, ownAddresses: Set(endpoints.flatMap(\.addresses)), orders: orders, stop: stopProbing,
            openLink: openLink, directory: directory, otherServers: trace.otherServers, logger: logger, clock: clock)
        let receive: @Sendable () -> Void = { [configuration, directory, orders, trace, statistics, logger, clock] in
            // The loop is made inside its thread: only descriptors and Sendable values cross.
            var loop = ReceiveLoop(
                configuration: configuration, endpoints: endpoints, directory: directory, table: table, orders: orders, trace: trace, queue: queue,
                results: results, stop: stop, statistics: statistics, logger: logger, clock: clock)
            do throws(SocketError) { try loop.run() } catch { failed(error) }
            orders.close()
            stopProbing.request()
        }
        try PlainThread.start("dhcp-commit") {
            do throws(SocketError) { try commit.run() } catch { failed(error) }
            ending.finish()
        }
        do {
            orders.open(stop.wakeUp)
            try PlainThread.start("dhcp-probe") {
                var loop = probes
                do throws(SocketError) { try loop.run() } catch { failed(error) }
                probing.finish()
            }
            try PlainThread.start("dhcp-receive", receive)
        } catch {
            orders.close()
            stopProbing.request()
            queue.close()
            throw error
        }
        logger.info("DHCP is served", metadata: ["interfaces": "\(configuration.interfaces.map(\.name))", "leases": "\(table.count)"])
        onListening(endpoints.map(\.socket.localPort))
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                // Not cancelled with the task: the threads end by the stop request, and what they hold must not outlive this function.
                await Task {
                    for await _ in ended {}
                    for await _ in probed {}
                }.value
            } onGracefulShutdown: {
                stop.request()
            }
        } onCancel: {
            stop.request()
        }
        logger.info("DHCP has stopped")
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// An address whose record cannot be read may be in use: nobody gets it for as long as any lease could last.
    private func startingTable(_ stored: StoredLeaseList) -> LeaseTable {
        let nobody = LeaseClient(hardwareAddress: HardwareAddress(value: 0))
        let quarantined = stored.unreadable.map {
            logger.warning("stored lease cannot be read, its address is kept back", metadata: ["address": "\($0)"])
            return Lease(address: $0, client: nobody, expires: Lease.expiry(after: 86_400, from: clock()), state: .declined)
        }
        return LeaseTable(stored: stored.leases + quarantined)
    }
}
