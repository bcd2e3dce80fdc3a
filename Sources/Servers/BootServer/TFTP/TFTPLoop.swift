import DatagramIO
import Glibc
import Logging
import Primitives
import TFTPWire

/// The thread that serves all transfers. It alone owns them; packets come and go in batches, and nothing in it waits but for the next packet.
final class TFTPLoop {
    let context: TFTPContext
    /// The sockets that are asked, and after them those that transfers are served by; none of these in single-port mode.
    let outlets: [TFTPOutlet]
    let listeners: Int
    var table: TFTPTransferTable
    var mapped = TFTPMappedFiles()
    /// Which socket the next transfer gets.
    var turn = Int.random(in: 0..<64)
    private(set) var isStopping = false
    /// Nanoseconds of the monotonic clock, as this round began.
    private(set) var now: Int64
    private let stop: WakeUp
    private let poller: Poller
    private let incoming = DatagramBatch(capacity: 2048)
    private let outgoing = GatheredBatch()
    private var wheel: TimerWheel<TFTPTransfer>
    private var round: UInt64 = 0
    private var waitsForRoom: [Bool]
    private var isQuick = false

    /// Nanoseconds.
    private static let shortWait: Int64 = 50_000

    init(context: TFTPContext, listeners: [UDPSocket], transferSockets: [UDPSocket], stop: WakeUp) throws(SocketError) {
        self.context = context
        outlets = (listeners + transferSockets).map(TFTPOutlet.init)
        self.listeners = listeners.count
        table = TFTPTransferTable(limits: context.limits)
        self.stop = stop
        poller = try Poller()
        waitsForRoom = outlets.map { _ in false }
        now = Self.clock()
        wheel = TimerWheel(now: now / 1_000_000)
    }

    /// Until it is told to stop, and transfers under way are done or out of time.
    func run() throws(SocketError) {
        for (tag, outlet) in outlets.enumerated() { try poller.add(outlet.socket.descriptor, tag: tag) }
        try poller.add(stop.descriptor, tag: outlets.count)
        var end = Int64.max
        while !isStopping || table.count > 0 && now < end {
            let events = try wait(until: end)
            round &+= 1
            for event in events {
                guard event.tag < outlets.count else {
                    stop.clear()
                    if !isStopping { end = now + context.limits.grace.nanoseconds }
                    isStopping = true
                    continue
                }
                if event.isReadable { try receive(event.tag) }
                if event.isWritable || !outlets[event.tag].isBlocked { try flush(event.tag) }
            }
            ring()
            // What was asked for at one socket leaves by another.
            for (tag, outlet) in outlets.enumerated() where !outlet.isIdle && !outlet.isBlocked { try flush(tag) }
        }
        for transfer in table.underWay { fail(transfer, .stopped) }
    }

    /// Sleeping and waking cost more than a client on a near computer takes to answer. So where the last wait was short, the next one begins awake;
    /// one that was long ends that, until a sleep turns out short.
    private func wait(until end: Int64) throws(SocketError) -> [Poller.Event] {
        now = Self.clock()
        let start = now
        while isQuick, table.count > 0 {
            let events = try poller.wait(milliseconds: 0)
            now = Self.clock()
            if !events.isEmpty { return events }
            if now - start > Self.shortWait { isQuick = false }
        }
        let events = try poller.wait(milliseconds: pause(until: end))
        now = Self.clock()
        isQuick = now - start < Self.shortWait
        return events
    }

    private static func clock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func pause(until end: Int64) -> Int32 {
        let next = min(wheel.next ?? .max, end / 1_000_000)
        return next == .max ? 60_000 : Int32(clamping: max(0, min(60_000, next - now / 1_000_000)))
    }

    private func receive(_ outlet: Int) throws(SocketError) {
        _ = try outlets[outlet].socket.receive(into: incoming) { datagram in take(datagram, at: outlet) }
    }

    private func flush(_ tag: Int) throws(SocketError) {
        let outlet = outlets[tag]
        if !outlet.isIdle {
            outlet.flush(outgoing, round: round) { transfer, result in
                switch result {
                case .sent: keepTime(transfer)
                case .fileChanged:
                    send(.error(.undefined, message: TFTPRefusal.fileChanged.rawValue), for: transfer)
                    fail(transfer, .fileChanged)
                }
            }
        }
        guard outlet.isBlocked != waitsForRoom[tag] else { return }
        waitsForRoom[tag] = outlet.isBlocked
        try poller.watch(outlet.socket.descriptor, tag: tag, forWriting: outlet.isBlocked)
    }

    // MARK: Time

    /// From now on, the wait for an answer. While the network carries the windows of many, their answers take longer: a nanosecond for each bit
    /// that may be under way is what they take at 1 Gbit/s; a second is enough for all.
    func keepTime(_ transfer: TFTPTransfer) {
        let allowance = min(1_000_000_000, 8 * Int64(clamping: table.windowBytes))
        setAlarm(transfer, at: now + transfer.state.timeoutInterval + allowance)
    }

    /// An alarm that is set already and goes off earlier looks at the deadline then, so that an acknowledged block costs no alarm.
    func setAlarm(_ transfer: TFTPTransfer, at deadline: Int64) {
        transfer.deadline = deadline
        let tick = deadline / 1_000_000 + 1
        guard tick < transfer.alarm else { return }
        transfer.alarm = tick
        wheel.insert(transfer, at: tick)
    }

    private func ring() {
        for (tick, transfer) in wheel.advance(to: now / 1_000_000) where tick >= transfer.alarm {
            transfer.alarm = .max
            if transfer.deadline > now {
                // While its blocks wait for the socket it has no deadline.
                if transfer.deadline < .max { setAlarm(transfer, at: transfer.deadline) }
            } else if transfer.isDone {
                table.forget(transfer)
            } else {
                context.counters.count("retransmission")
                perform(transfer.state.timeout(at: now), transfer)
            }
        }
    }
}
