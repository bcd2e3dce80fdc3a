import BootPolicy
import DHCPWire
import DatagramIO
import Fleet
import Glibc
package import OperatorTypes
import Primitives
import Synchronization

/// A packet as it came or went, with what was decided about it.
struct TracedPacket: Sendable {
    var sequence: Int64 = 0
    /// Milliseconds since 1970.
    let time: Int64
    let interfaceIndex: UInt32
    let bytes: [UInt8]
    let peer: IPv4Address
    let port: UInt16
    let decision: DHCPTraceEntry.Decision
    let reason: DHCPRefusal?
}

/// The last packets, and who waits for the next. Both threads write; a packet costs them one lock and no decoding.
package final class DHCPTrace: PacketTrace {
    /// Packets that are kept: at most 8 MiB.
    package static let capacity = 2048

    private struct State {
        var packets: [TracedPacket] = []
        var last: Int64 = 0
        var listeners: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var tickets: UInt64 = 0
    }

    private let state = Mutex(State())
    private let statistics: DHCPStatistics
    let otherServers = OtherServers()
    private let clock: @Sendable () -> Int64
    private let interfaceNames = Mutex<[UInt32: String]>([:])

    package static let milliseconds: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// - Parameter clock: milliseconds since 1970.
    init(statistics: DHCPStatistics, clock: @escaping @Sendable () -> Int64) { (self.statistics, self.clock) = (statistics, clock) }

    func name(_ interfaces: [UInt32: String]) { interfaceNames.withLock { $0 = interfaces } }

    /// Milliseconds since 1970, for all packets of a batch: the clock is looked at once.
    var time: Int64 { clock() }

    func received(_ datagram: IncomingDatagram, _ decision: DHCPTraceEntry.Decision, _ reason: DHCPRefusal?, at time: Int64) {
        append(
            TracedPacket(
                time: time, interfaceIndex: datagram.interfaceIndex, bytes: datagram.bytes, peer: datagram.source, port: datagram.port,
                decision: decision, reason: reason))
    }

    /// - Parameter reason: why it did not leave.
    func sent(_ reply: PreparedReply, clientPort: UInt16, notFor reason: DHCPRefusal? = nil, at time: Int64) {
        let (peer, port): (IPv4Address, UInt16) =
            switch reply.destination {
            case .relay(let relay, let usesSourcePort): (relay, usesSourcePort ? reply.requestPort : DHCPMessage.serverPort)
            case .sender(let sender): (sender, reply.requestPort)
            case .client(let client), .frame(let client, _): (client, clientPort)
            case .broadcast: (.broadcast, clientPort)
            }
        append(
            TracedPacket(
                time: time, interfaceIndex: reply.endpoint.interfaceIndex, bytes: reply.bytes, peer: peer, port: port,
                decision: reason == nil ? .sent : .notSent, reason: reason))
    }

    private func append(_ packet: TracedPacket) {
        state.withLock { state in
            state.last += 1
            let place = Int((state.last - 1) % Int64(Self.capacity))
            if state.packets.count < Self.capacity { state.packets.append(packet) } else { state.packets[place] = packet }
            state.packets[place].sequence = state.last
            if !state.listeners.isEmpty { for listener in state.listeners.values { listener.yield() } }
        }
    }

    package func packets(after sequence: Int64) -> [DHCPTraceEntry] {
        let found = state.withLock { state in state.packets.filter { $0.sequence > sequence } }
        let names = interfaceNames.withLock { $0 }
        return found.sorted { $0.sequence < $1.sequence }.map { DHCPTraceEntry($0, interface: names[$0.interfaceIndex] ?? "\($0.interfaceIndex)") }
    }

    package func news() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let ticket = state.withLock { state in
            state.tickets += 1
            state.listeners[state.tickets] = continuation
            return state.tickets
        }
        // What came before is news as well.
        continuation.yield()
        continuation.onTermination = { [weak self] _ in self?.forget(ticket) }
        return stream
    }

    private func forget(_ ticket: UInt64) { state.withLock { $0.listeners[ticket] = nil } }

    package var counts: DHCPCounts {
        let snapshot = statistics.snapshot
        return DHCPCounts(
            received: snapshot.received, sent: snapshot.sent, refused: statistics.refusedByMessage,
            otherServers: otherServers.all, conflicts: snapshot.conflicts)
    }
}
