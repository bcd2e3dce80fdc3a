import AddressPlan
import BootPolicy
import DHCPWire
import DatagramIO
import Fleet
import Logging
import OperatorTypes
import Primitives
import Synchronization

/// Asks a loop to end.
final class StopRequest: Sendable {
    let wakeUp: WakeUp
    private let isRequested = Atomic(false)

    init() throws(SocketError) { wakeUp = try WakeUp() }

    var isStopped: Bool { isRequested.load(ordering: .acquiring) }

    func request() {
        isRequested.store(true, ordering: .releasing)
        wakeUp.signal()
    }
}

/// What a request gets, until the batch that it came in is done.
private struct PreparedAnswer {
    let witness: Witness
    let reply: PreparedReply
}

/// The thread that receives and decides. It alone owns the lease table; nothing in it waits for the disk.
struct ReceiveLoop {
    let configuration: DHCPServerConfiguration
    let endpoints: [Endpoint]
    let directory: any BootDirectory
    let queue: CommitQueue
    let results: CommitResults
    let stop: StopRequest
    let sender: ReplySender
    let statistics: DHCPStatistics
    let logger: Logger
    let clock: @Sendable () -> Int64
    let orders: LeaseOrders
    let trace: DHCPTrace
    var responder: DHCPResponder
    private var generation: UInt64?
    private var nextExpiry: Int64 = 0
    /// When the batch arrived, for the trace.
    private var time: Int64 = 0
    /// Of the datagrams of one batch: replies that wait for nothing, and what must be durable first. Both leave together at its end.
    private var outbox: [PreparedAnswer] = []
    private var commits: [PendingCommit] = []

    init(
        configuration: DHCPServerConfiguration, endpoints: [Endpoint], directory: any BootDirectory, table: LeaseTable, orders: LeaseOrders,
        trace: DHCPTrace,
        queue: CommitQueue, results: CommitResults, stop: StopRequest, statistics: DHCPStatistics, logger: Logger,
        clock: @escaping @Sendable () -> Int64
    ) {
        (self.configuration, self.endpoints, self.directory) = (configuration, endpoints, directory)
        (self.orders, self.trace) = (orders, trace)
        (self.queue, self.results, self.stop) = (queue, results, stop)
        (self.statistics, self.logger, self.clock) = (statistics, logger, clock)
        sender = ReplySender(clientPort: configuration.clientPort)
        responder = DHCPResponder(
            table: table, policy: ReplyPolicy(), offerTime: configuration.offerTime, quarantineTime: configuration.quarantineTime,
            ownAddresses: Set(endpoints.flatMap(\.addresses)))
    }

    /// Until a stop is requested. Closes the queue at the end.
    mutating func run() throws(SocketError) {
        defer { queue.close() }
        let batch = DatagramBatch()
        let descriptors = endpoints.map(\.socket.descriptor) + [stop.wakeUp.descriptor]
        while !stop.isStopped {
            let ready = try Readiness.wait(for: descriptors, milliseconds: 10_000)
            if ready.last == true { stop.wakeUp.clear() }
            settle()
            takeSubnets()
            takeOrders()
            for (endpoint, isReady) in zip(endpoints, ready) where isReady {
                let datagrams = try endpoint.socket.receive(into: batch)
                // Once more: what was sent after a change is in this batch, though the change may have come while we were busy.
                takeSubnets()
                let now = clock()
                time = trace.time
                for datagram in datagrams { handle(datagram, at: endpoint, now: now) }
                sendReplies()
                handOverCommits()
            }
            statistics.holding(responder.table.count)
        }
    }

    private mutating func settle() {
        for result in results.take() {
            switch result.outcome {
            case .durable: responder.table.confirm(result.change)
            case .failed, .unknown: responder.table.revert(result.change)
            case .conflict(let address, let current):
                responder.table.revert(result.change)
                responder.table.replace(at: address, with: current)
            }
        }
        let now = clock()
        if now >= nextExpiry || now < nextExpiry - 60 {
            responder.table.expireOffers(at: now)
            nextExpiry = Lease.expiry(after: 10, from: now)
        }
    }

    private mutating func takeSubnets() {
        let subnets = directory.subnets
        guard subnets.generation != generation else { return }
        generation = subnets.generation
        responder.policy.loaders = subnets.loaders
        responder.serve(subnets.subnets)
    }

    private mutating func handle(_ datagram: IncomingDatagram, at endpoint: Endpoint, now: Int64) {
        let request: CheckedRequest
        do {
            request = try Self.check(datagram)
        } catch {
            statistics.refused(error, of: nil)
            trace.received(datagram, .ignored, error, at: time)
            logger.debug("DHCP message refused", metadata: ["reason": "\(error.rawValue)", "source": "\(datagram.source)"])
            return
        }
        statistics.received(request.type)
        let witness = Witness(request, directory: directory)
        witness.received(request)
        let arrival = Arrival(
            servers: endpoint.servers(configuration), interfaceAddresses: endpoint.addresses,
            wasBroadcast: !isOwn(datagram.destination, at: endpoint), proxySender: endpoint.isProxyPort ? datagram.source : nil)
        act(
            on: responder.respond(to: request, arrival: arrival, isKnown: witness.isKnown, now: now), to: request, witness: witness,
            endpoint: endpoint, datagram: datagram)
    }

    private static func check(_ datagram: IncomingDatagram) throws(DHCPRefusal) -> CheckedRequest {
        guard !datagram.isTruncated else { throw .truncatedDatagram }
        guard let message = try? DHCPMessage(packet: datagram.bytes) else { throw .malformed }
        return try CheckedRequest(message)
    }

    private mutating func act(
        on response: consuming Response, to request: CheckedRequest, witness: Witness, endpoint: Endpoint, datagram: IncomingDatagram
    ) {
        let mayJoin = responder.mayJoinReplies(to: request)
        func prepare(_ message: inout DHCPMessage, _ destination: DHCPMessage.Destination) throws(DHCPRefusal) -> PreparedReply {
            let from = source(of: message, answering: datagram, at: endpoint)
            return PreparedReply(
                type: message.messageType, bytes: try message.finish(answering: request.message), destination: destination, endpoint: endpoint,
                source: from, requestPort: datagram.port, mayJoin: mayJoin)
        }
        do throws(DHCPRefusal) {
            switch consume response {
            case .ignore(let reason):
                throw reason
            case .reply(var message, let destination, let refusal):
                if let refusal { refuse(refusal, witness) }
                let reply = try prepare(&message, destination)
                trace.received(datagram, .answered, refusal, at: time)
                outbox.append(PreparedAnswer(witness: witness, reply: reply))
            case .commit(let change, let message, let destination, let refusal):
                do {
                    var reply: PreparedReply?
                    if var message = consume message { reply = try prepare(&message, destination) }
                    trace.received(datagram, .leased, refusal, at: time)
                    commits.append(PendingCommit(change: change, reply: reply, refusal: refusal, witness: witness))
                } catch {
                    responder.table.revert(change)
                    throw error
                }
            }
        } catch {
            trace.received(datagram, .ignored, error, at: time)
            refuse(error, witness)
            if error == .declineLimit { tellOfDeclines(by: request) }
            if error == .otherServerChosen, let server = request.message.serverIdentifier { tell(of: server, request, witness) }
        }
    }

    /// Which of our addresses a reply leaves from: the one that was asked, as firewalls and connected sockets expect; after a broadcast the one that
    /// it names, where that is this interface's.
    private func source(of reply: DHCPMessage, answering datagram: IncomingDatagram, at endpoint: Endpoint) -> IPv4Address {
        if isOwn(datagram.destination, at: endpoint) { return datagram.destination }
        guard endpoint.addresses.count > 1, let named = reply.serverIdentifier, endpoint.addresses.contains(named) else { return endpoint.address }
        return named
    }

    /// What nearly all messages are sent to needs no look at the set.
    private func isOwn(_ address: IPv4Address, at endpoint: Endpoint) -> Bool {
        address == endpoint.address || address != .broadcast && responder.ownAddresses.contains(address)
    }

    /// Another DHCP server answers where we give the addresses: once an hour the log says so, and the timeline of the host that chose it.
    private func tell(of server: IPv4Address, _ request: CheckedRequest, _ witness: Witness) {
        guard trace.otherServers.saw(server, chosenBy: request.hardwareAddress, now: clock()) else { return }
        logger.notice(
            "another DHCP server answers here", metadata: ["server": "\(server)", "host.mac": "\(request.hardwareAddress)"])
        witness.sawOtherServer(server)
    }

    private mutating func sendReplies() {
        guard !outbox.isEmpty else { return }
        let errors = sender.send(outbox.map(\.reply))
        let time = trace.time
        for (answer, error) in zip(outbox, errors) {
            let reply = answer.reply
            if let error {
                logger.debug("DHCP reply not sent", metadata: ["error": "\(error)"])
                trace.sent(reply, clientPort: configuration.clientPort, notFor: .sendFailed, at: time)
                refuse(.sendFailed, answer.witness)
            } else {
                if let type = reply.type { statistics.sent(type) }
                trace.sent(reply, clientPort: configuration.clientPort, at: time)
                answer.witness.sent(reply)
            }
        }
        outbox.removeAll(keepingCapacity: true)
    }

    /// What does not fit into the queue did not happen.
    private mutating func handOverCommits() {
        guard !commits.isEmpty else { return }
        let taken = queue.push(commits)
        for pending in commits.dropFirst(taken) {
            responder.table.revert(pending.change)
            if let reply = pending.reply { trace.sent(reply, clientPort: configuration.clientPort, notFor: .commitQueueFull, at: time) }
            if let witness = pending.witness { refuse(.commitQueueFull, witness) }
        }
        commits.removeAll(keepingCapacity: true)
    }

    private func refuse(_ refusal: DHCPRefusal, _ witness: Witness) {
        statistics.refused(refusal, of: witness.type)
        witness.refused(refusal, detail: "\(witness.type) from \(witness.hardwareAddress)")
        logger.debug("DHCP request refused", metadata: ["reason": "\(refusal.rawValue)", "host.mac": "\(witness.hardwareAddress)"])
    }
}
