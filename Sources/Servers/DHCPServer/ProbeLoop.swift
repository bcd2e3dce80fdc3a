import DHCPWire
import DatagramIO
import Fleet
import FleetModel
import Glibc
import Logging
import Primitives
import Synchronization

/// The thread that asks the wire ahead of time: who answers for the addresses that are given next (RFC 5227), and who else answers DHCP. No message
/// of a client ever waits for it.
struct ProbeLoop {
    let probeTime: Int32
    /// Our own, as DHCP servers: their answers are no news.
    let ownAddresses: Set<IPv4Address>
    let orders: LeaseOrders
    let stop: StopRequest
    let openLink: @Sendable (UInt32, LinkSocket.Kind) throws(SocketError) -> LinkSocket
    let directory: any BootDirectory
    let otherServers: OtherServers
    let logger: Logger
    /// Seconds since 1970.
    let clock: @Sendable () -> Int64

    /// Seconds after which a free address is asked for again, and other servers are.
    private static let addressPatience: Int64 = 60
    private static let serverPatience: Int64 = 300
    /// Milliseconds between two looks at what is to be asked.
    private static let pause: Int32 = 5000

    private var asked: [IPv4Address: Int64] = [:]
    private var sought: [UInt32: Int64] = [:]
    private var hasFailed = false

    init(
        probeTime: Int32, ownAddresses: Set<IPv4Address>, orders: LeaseOrders, stop: StopRequest,
        openLink: @escaping @Sendable (UInt32, LinkSocket.Kind) throws(SocketError) -> LinkSocket, directory: any BootDirectory,
        otherServers: OtherServers, logger: Logger, clock: @escaping @Sendable () -> Int64
    ) {
        (self.probeTime, self.ownAddresses, self.orders, self.stop, self.openLink) = (probeTime, ownAddresses, orders, stop, openLink)
        (self.directory, self.otherServers, self.logger, self.clock) = (directory, otherServers, logger, clock)
    }

    /// Until a stop is requested.
    mutating func run() throws(SocketError) {
        let answered = try WakeUp()
        while !stop.isStopped {
            let answer = Mailbox()
            orders.give(
                .nextProbes { targets in
                    answer.targets.withLock { $0 = targets }
                    answered.signal()
                })
            _ = try Readiness.wait(for: [answered.descriptor, stop.wakeUp.descriptor], milliseconds: -1)
            answered.clear()
            let hasAsked = probe(answer.targets.withLock { $0 } ?? [])
            if !hasAsked, !stop.isStopped { _ = try Readiness.wait(for: [stop.wakeUp.descriptor], milliseconds: Self.pause) }
        }
    }

    private final class Mailbox: Sendable { let targets = Mutex<[ProbeTarget]?>(nil) }

    /// Whether there was an address to ask for: then others may be next by now.
    private mutating func probe(_ targets: [ProbeTarget]) -> Bool {
        let now = clock()
        let current = Set(targets.flatMap(\.addresses))
        // A clock that was set back must not stop anything.
        func isOver(_ time: Int64, _ patience: Int64) -> Bool { now - time >= patience || now < time }
        asked = asked.filter { current.contains($0.key) && !isOver($0.value, Self.addressPatience) }
        var hasAsked = false
        for target in targets {
            let addresses = target.addresses.filter { asked[$0] == nil }
            let seeks = target.seeksServers && sought[target.interfaceIndex].map { isOver($0, Self.serverPatience) } ?? true
            guard !addresses.isEmpty || seeks else { continue }
            for address in addresses { asked[address] = now }
            if seeks { sought[target.interfaceIndex] = now }
            hasAsked = hasAsked || !addresses.isEmpty
            do throws(SocketError) {
                try ask(target.interfaceIndex, for: addresses, seekingServers: seeks)
                hasFailed = false
            } catch {
                // An interface that is down for a while must not fill the log.
                if !hasFailed { logger.warning("cannot ask the wire", metadata: ["error": "\(error)"]) }
                hasFailed = true
            }
        }
        return hasAsked && !hasFailed
    }

    /// Twice, as packets get lost.
    private func ask(_ interface: UInt32, for addresses: [IPv4Address], seekingServers: Bool) throws(SocketError) {
        let arp = addresses.isEmpty ? nil : try openLink(interface, .arp)
        let dhcp = seekingServers ? try openLink(interface, .udp(port: DHCPMessage.clientPort)) : nil
        let question = dhcp.map { ServerQuestion(from: $0.hardwareAddress, transactionID: UInt32.random(in: 1 ... .max)) }
        var told: Set<IPv4Address> = []
        for _ in 0..<2 where !stop.isStopped {
            if let arp {
                for address in addresses {
                    if let error = arp.broadcast(ARPPacket.probe(for: address, from: arp.hardwareAddress).encode()) { throw error }
                }
            }
            if let dhcp, let packet = question?.packet, let error = dhcp.broadcast(packet) { throw error }
            try listen([arp, dhcp].compactMap(\.self)) { socket, bytes in
                if let arp, socket === arp.descriptor {
                    guard let packet = ARPPacket(decoding: bytes), packet.senderHardware != arp.hardwareAddress,
                        addresses.contains(packet.sender), told.insert(packet.sender).inserted
                    else { return }
                    orders.give(.conflict(packet.sender, packet.senderHardware))
                } else if let offer = question?.offer(in: bytes), !ownAddresses.contains(offer.server), told.insert(offer.server).inserted {
                    tell(of: offer)
                }
            }
        }
    }

    /// What comes within the probe time; less when a stop is requested.
    private func listen(_ sockets: [LinkSocket], _ body: (Descriptor, [UInt8]) -> Void) throws(SocketError) {
        let end = Self.milliseconds() + Int64(probeTime)
        while !stop.isStopped {
            let left = end - Self.milliseconds()
            guard left > 0 else { return }
            let ready = try Readiness.wait(for: sockets.map(\.descriptor) + [stop.wakeUp.descriptor], milliseconds: Int32(clamping: left))
            for (socket, isReady) in zip(sockets, ready) where isReady {
                // At most a few hundred: whoever floods the link must not hold us here.
                for _ in 0..<256 {
                    guard let bytes = socket.receive() else { break }
                    body(socket.descriptor, bytes)
                }
            }
        }
    }

    private static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    private func tell(of offer: ServerQuestion.Offer) {
        guard otherServers.saw(offer.server, chosenBy: nil, now: clock()) else { return }
        logger.notice("another DHCP server answers here", metadata: ["server": "\(offer.server)", "offered": "\(offer.address)"])
        directory.record(
            BootEvent(
                host: nil, boot: nil, time: 0, source: .dhcp, name: "other-dhcp-server",
                detail: "\(offer.server), which is not ours, answers where we give the addresses: it offered us \(offer.address)",
                attributes: ["server": "\(offer.server)", "offered": "\(offer.address)"]))
    }
}
