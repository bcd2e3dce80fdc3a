import CSockets
import Glibc
import Primitives

/// The clients' loop: receives and sends in batches, and never sleeps while something may come.
final class Fetches {
    private let plan: FetchPlan
    private let content: UnsafeRawBufferPointer
    private let socket: Int32
    private let capacity: Int
    private let storage: UnsafeMutablePointer<UInt8>
    private var incoming: [csockets_incoming]
    private var outgoing: [csockets_outgoing] = []
    /// What `outgoing` points to.
    private let outbox: UnsafeMutablePointer<UInt8>
    private var outboxUsed = 0
    private var clients: [FetchClient]
    private let request: [UInt8]
    private var summary = FetchSummary()
    private var now: Int64 = 0
    private var unfinished: Int

    private static let outboxSize = 64 * 600
    private static let patience: Int64 = 1_000_000_000

    init(_ plan: FetchPlan, content: UnsafeRawBufferPointer) throws {
        (self.plan, self.content) = (plan, content)
        socket = csockets_udp_open(nil, 0, 0, 256 << 20)
        guard socket >= 0 else { fail("cannot open a socket: \(String(cString: strerror(-socket)))") }
        capacity = max(1500, plan.blockSize + 4)
        let (capacity, storage) = (capacity, UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * Int(CSOCKETS_BATCH)))
        self.storage = storage
        incoming = (0..<Int(CSOCKETS_BATCH)).map { index in
            var message = csockets_incoming()
            (message.bytes, message.capacity) = (storage + index * capacity, UInt32(capacity))
            return message
        }
        outbox = .allocate(capacity: Self.outboxSize)
        clients = Array(repeating: FetchClient(), count: plan.clients)
        unfinished = plan.clients
        var request: [UInt8] = [0, 1]
        for text in [plan.name, "octet"] { request += Array(text.utf8) + [0] }
        if plan.blockSize != 512 { request += Array("blksize\0\(plan.blockSize)\0".utf8) }
        if plan.windowSize != 1 { request += Array("windowsize\0\(plan.windowSize)\0".utf8) }
        self.request = request
    }

    func run() throws -> FetchSummary {
        let started = Self.clock()
        now = started
        for index in clients.indices {
            clients[index].lastHeard = now
            send(request, from: index)
        }
        flush()
        let end = plan.seconds.map { started + Int64($0) * 1_000_000_000 } ?? .max
        var (nextScan, idleSince, idle) = (started, Int64(0), Int64(0))
        while unfinished > 0, now < end {
            let count = receive()
            now = Self.clock()
            if count == 0 {
                if idleSince == 0 { idleSince = now }
                if now - idleSince > 2_000_000 { wait() }
            } else if idleSince != 0 {
                idle += now - idleSince
                idleSince = 0
            }
            for index in 0..<count { take(incoming[index]) }
            flush()
            if now >= nextScan {
                scan()
                nextScan = now + 20_000_000
            }
        }
        summary.seconds = Double(now - started) / 1e9
        summary.bytes = clients.reduce(0) { $0 + $1.bytes }
        summary.transfers = clients.reduce(0) { $0 + $1.transfers }
        summary.idle = Int(idle * 100 / max(1, now - started))
        if plan.seconds != nil { summary.least = leastShare() }
        for index in clients.indices where clients[index].phase == .receiving { send([0, 5, 0, 0] + Array("enough".utf8) + [0], from: index) }
        flush()
        return summary
    }

    private static func clock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func wait() {
        var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        _ = poll(&polled, 1, 5)
    }

    private func receive() -> Int {
        let count = incoming.withUnsafeMutableBufferPointer { csockets_receive(socket, $0.baseAddress, Int32($0.count)) }
        return max(0, Int(count))
    }

    private func leastShare() -> Int {
        let total = clients.reduce(0) { $0 + $1.bytes }
        return total == 0 ? 0 : (clients.map(\.bytes).min() ?? 0) * clients.count * 100 / total
    }

    // MARK: Sending

    private func send(_ bytes: [UInt8], from index: Int) {
        bytes.withUnsafeBufferPointer { source in
            queue(source.count, from: index) { $0.update(from: source.baseAddress!, count: source.count) }
        }
    }

    private func acknowledge(_ index: Int) {
        let block = UInt16(truncatingIfNeeded: clients[index].next - 1)
        queue(4, from: index) { target in
            (target[0], target[1], target[2], target[3]) = (0, 4, UInt8(block >> 8), UInt8(block & 0xff))
        }
        clients[index].unacknowledged = 0
    }

    private func queue(_ count: Int, from index: Int, fill: (UnsafeMutablePointer<UInt8>) -> Void) {
        if outgoing.count == Int(CSOCKETS_BATCH) || outboxUsed + count > Self.outboxSize { flush() }
        let target = outbox + outboxUsed
        fill(target)
        outboxUsed += count
        let client = clients[index]
        outgoing.append(
            csockets_outgoing(
                bytes: target, length: UInt32(count), source_address: plan.firstAddress.value + UInt32(index),
                destination_address: plan.server.value, interface_index: 0,
                destination_port: client.phase == .asking ? plan.port : client.serverPort, may_join: 0, error: 0))
    }

    private func flush() {
        guard !outgoing.isEmpty else { return }
        _ = csockets_send(socket, &outgoing, Int32(outgoing.count))
        for message in outgoing where message.error == EAGAIN {
            var message = message
            _ = csockets_send(socket, &message, 1)
        }
        outgoing.removeAll(keepingCapacity: true)
        outboxUsed = 0
    }

    // MARK: Receiving

    private func take(_ packet: csockets_incoming) {
        let index = Int(packet.destination_address &- plan.firstAddress.value)
        guard clients.indices.contains(index), packet.length >= 4, packet.truncated == 0, let bytes = packet.bytes else { return }
        guard clients[index].phase != .done else { return }
        let isNew = clients[index].serverPort == 0
        guard isNew ? packet.source_port != clients[index].previousPort : packet.source_port == clients[index].serverPort else { return }
        let value = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        clients[index].lastHeard = now
        switch bytes[1] {
        case 3: takeData(index, packet, block: value)
        case 5:
            summary.errors += 1
            if summary.message.isEmpty { summary.message = String(cString: bytes + 4) }
            finish(index)
        case 6: takeOptions(index, packet)
        default: break
        }
    }

    private func takeOptions(_ index: Int, _ packet: csockets_incoming) {
        guard let bytes = packet.bytes, clients[index].next == 1 else { return }
        let text = UnsafeBufferPointer(start: bytes + 2, count: Int(packet.length) - 2)
        let parts = text.split(separator: 0).map { String(decoding: $0, as: UTF8.self).lowercased() }
        for (name, value) in zip(parts, parts.dropFirst()) {
            if name == "blksize" { clients[index].blockSize = Int(value) ?? 512 }
            if name == "windowsize" { clients[index].windowSize = Int(value) ?? 1 }
        }
        clients[index].phase = .receiving
        clients[index].serverPort = packet.source_port
        acknowledge(index)
    }

    private func takeData(_ index: Int, _ packet: csockets_incoming, block: UInt16) {
        if clients[index].phase == .asking {
            clients[index].phase = .receiving
            clients[index].serverPort = packet.source_port
        }
        guard block == UInt16(truncatingIfNeeded: clients[index].next) else { return takeDisorder(index) }
        let (count, offset) = (Int(packet.length) - 4, (clients[index].next - 1) * clients[index].blockSize)
        let expected = min(clients[index].blockSize, content.count - offset)
        guard count == expected, count == 0 || memcmp(content.baseAddress! + offset, packet.bytes + 4, count) == 0 else {
            summary.wrongBlocks += 1
            return
        }
        clients[index].next += 1
        clients[index].bytes += count
        clients[index].unacknowledged += 1
        clients[index].disorderAnsweredUntil = 0
        clients[index].resentInARow = 0
        let isLast = count < clients[index].blockSize
        if isLast || clients[index].unacknowledged >= clients[index].windowSize { acknowledge(index) }
        if isLast {
            clients[index].transfers += 1
            if plan.seconds == nil, summary.least == 0 { summary.least = leastShare() }
            finish(index)
        }
    }

    private func takeDisorder(_ index: Int) {
        summary.outOfOrder += 1
        guard clients[index].windowSize == 1 || plan.answersAllDisorder || now >= clients[index].disorderAnsweredUntil else { return }
        clients[index].disorderAnsweredUntil = now + 5_000_000
        acknowledge(index)
    }

    private func finish(_ index: Int) {
        guard plan.seconds != nil || clients[index].transfers < plan.times, summary.errors == 0 else {
            clients[index].phase = .done
            unfinished -= 1
            return
        }
        clients[index].ask()
        send(request, from: index)
    }

    private func scan() {
        for index in clients.indices where clients[index].phase != .done && now - clients[index].lastHeard > Self.patience {
            clients[index].lastHeard = now
            clients[index].resentInARow += 1
            summary.resent += 1
            guard clients[index].resentInARow <= 10 else {
                summary.errors += 1
                if summary.message.isEmpty { summary.message = "silence" }
                clients[index].phase = .done
                unfinished -= 1
                continue
            }
            if clients[index].phase == .asking { send(request, from: index) } else { acknowledge(index) }
        }
        flush()
    }
}
