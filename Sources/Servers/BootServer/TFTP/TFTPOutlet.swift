import DatagramIO
import Primitives
import TFTPWire

/// One of the server's sockets, with the transfers that have blocks to send by it. They take turns, a message each.
final class TFTPOutlet {
    let socket: UDPSocket
    /// Whether the socket takes nothing at the moment; the loop waits for it then.
    private(set) var isBlocked = false
    private var queue: [TFTPTransfer] = []
    private var messages: [(transfer: TFTPTransfer, blocks: Range<Int>)] = []

    init(_ socket: UDPSocket) { self.socket = socket }

    var isIdle: Bool { queue.isEmpty }

    func enqueue(_ transfer: TFTPTransfer) {
        guard !transfer.isQueued else { return }
        transfer.isQueued = true
        queue.append(transfer)
    }

    enum Result { case sent, fileChanged }

    /// Sends what the socket takes. `done` is told of each transfer whose blocks have all left, or that cannot go on.
    func flush(_ batch: GatheredBatch, round: UInt64, done: (TFTPTransfer, Result) -> Void) {
        isBlocked = false
        var next = 0
        while next < queue.count, !isBlocked {
            batch.removeAll()
            messages.removeAll(keepingCapacity: true)
            while next < queue.count, !batch.isFull {
                let transfer = queue[next]
                next += 1
                guard !transfer.isDone, !transfer.unsent.isEmpty else {
                    transfer.isQueued = false
                    continue
                }
                guard transfer.content.isIntact(inRound: round) else {
                    transfer.isQueued = false
                    done(transfer, .fileChanged)
                    continue
                }
                gather(transfer, batch)
                if transfer.unsent.isEmpty { transfer.isQueued = false } else { queue.append(transfer) }
            }
            let tried = socket.send(batch)
            for index in 0..<tried { settle(messages[index], batch.failure(at: index), done: done) }
            for message in messages.dropFirst(tried).reversed() {
                isBlocked = true
                putBack(message)
            }
        }
        queue.removeFirst(min(next, queue.count))
    }

    /// Takes the next message of a transfer: as many blocks as the kernel takes in one.
    private func gather(_ transfer: TFTPTransfer, _ batch: GatheredBatch) {
        let datagram = transfer.state.blockSize + 4
        let most = transfer.isSegmented ? max(1, min(GatheredBatch.maximumSegments, GatheredBatch.maximumBytes / datagram)) : 1
        let blocks = transfer.unsent.prefix(most)
        batch.append(
            to: transfer.endpoint.client, port: transfer.endpoint.port, from: transfer.source, segmentSize: blocks.count > 1 ? datagram : 0)
        for block in blocks {
            let header = TFTPPacket.dataHeader(block: transfer.state.wireNumber(of: block))
            batch.append(header: header, transfer.content.part(transfer.state.byteRange(of: block)))
        }
        messages.append((transfer, blocks))
        transfer.unsent = blocks.upperBound..<transfer.unsent.upperBound
    }

    private func settle(
        _ message: (transfer: TFTPTransfer, blocks: Range<Int>), _ failure: GatheredBatch.Failure?, done: (TFTPTransfer, Result) -> Void
    ) {
        let transfer = message.transfer
        guard !transfer.isDone else { return }
        switch failure {
        case .bytesAreGone: done(transfer, .fileChanged)
        case .notSegmented:
            transfer.isSegmented = false
            putBack(message)
        // What does not leave is lost like a packet on the way: the timeout sends it again.
        case nil, .other: if transfer.unsent.isEmpty { done(transfer, .sent) }
        }
    }

    private func putBack(_ message: (transfer: TFTPTransfer, blocks: Range<Int>)) {
        guard !message.transfer.isDone else { return }
        message.transfer.unsent = message.blocks.lowerBound..<max(message.blocks.upperBound, message.transfer.unsent.upperBound)
        enqueue(message.transfer)
    }
}
