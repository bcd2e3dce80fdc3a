import TFTPWire
import Testing

@Suite("A read transfer sends every block in order, and nothing twice without cause")
struct ReadTransferTests {
    static func transfer(size: Int, window: Int = 1, options: [TFTPOption] = [], retransmissions: Int = 2) -> TFTPReadTransfer {
        let options = options + (window > 1 ? [TFTPOption("windowsize", String(window))] : [])
        var limits = TFTPReadTransfer.Limits(maximumWindowSize: 65_535)
        // Each wait as long as the other.
        (limits.initialTimeout, limits.minimumTimeout) = (limits.timeout, limits.timeout)
        limits.patience = limits.timeout * (retransmissions + 1)
        return TFTPReadTransfer(request: TFTPRequest(fileName: [97], options: options), fileSize: size, limits: limits)
    }

    @Test(
        "blocks cover the file, the last one short or empty",
        arguments: [(0, 1, 0), (1, 1, 1), (511, 1, 511), (512, 2, 0), (513, 2, 1), (5120, 11, 0)])
    func blocks(size: Int, last: Int, lastCount: Int) {
        let transfer = Self.transfer(size: size)
        #expect(transfer.lastBlock == last)
        #expect(transfer.byteRange(of: last).count == lastCount)
        #expect((1...last).flatMap { Array(transfer.byteRange(of: $0)) } == Array(0..<size))
        for outside in [Int.min, -1, 0, last + 1, Int.max] { #expect(transfer.byteRange(of: outside).isEmpty) }
    }

    @Test("sizes at the end of Int do not trap", arguments: [Int.min, -1, Int.max])
    func extremeSizes(size: Int) {
        let transfer = Self.transfer(size: size, options: [TFTPOption("blksize", "8")])
        #expect(transfer.byteRange(of: transfer.lastBlock).upperBound == max(0, size))
    }

    @Test("one block at a time")
    func lockStep() {
        var transfer = Self.transfer(size: 1000)
        let actions = [
            transfer.start(), transfer.receive(.acknowledgement(block: 1)), transfer.receive(.acknowledgement(block: 2)),
            transfer.receive(.acknowledgement(block: 2)), transfer.timeout(),
        ]
        #expect(actions == [.send(blocks: 1...1), .send(blocks: 2...2), .finished, .ignore(.ended), .ignore(.ended)])
        #expect(transfer.hasEnded)
    }

    @Test("a duplicate acknowledgement sends nothing (Sorcerer's Apprentice)", arguments: [1, 4])
    func duplicate(window: Int) {
        var transfer = Self.transfer(size: 100_000, window: window)
        _ = transfer.start()
        if window > 1 { _ = transfer.receive(.acknowledgement(block: 0)) }
        let number = UInt16(window)
        #expect(transfer.receive(.acknowledgement(block: number)) == .send(blocks: window + 1...2 * window))
        #expect(transfer.receive(.acknowledgement(block: number)) == .ignore(.duplicateAcknowledgement))
        #expect(transfer.receive(.acknowledgement(block: number - 1)) == .ignore(.acknowledgementOutsideWindow(number - 1)))
        #expect(transfer.receive(.acknowledgement(block: 2 * number + 1)) == .ignore(.acknowledgementOutsideWindow(2 * number + 1)))
    }

    @Test("options are acknowledged before the first block")
    func options() {
        var transfer = Self.transfer(size: 2000, options: [TFTPOption("blksize", "1024")])
        let acknowledgement = TFTPReadTransfer.Action.sendOptionAcknowledgement([TFTPOption("blksize", "1024")])
        #expect(transfer.receive(.acknowledgement(block: 0)) == .ignore(.notStarted))
        #expect(transfer.timeout() == .ignore(.notStarted))
        #expect(transfer.start() == acknowledgement)
        #expect(transfer.start() == .ignore(.duplicateRequest))
        #expect(transfer.timeout() == acknowledgement)
        #expect(transfer.receive(.acknowledgement(block: 1)) == .ignore(.acknowledgementOutsideWindow(1)))
        #expect(transfer.receive(.acknowledgement(block: 0)) == .send(blocks: 1...1))
        #expect(transfer.receive(.acknowledgement(block: 0)) == .ignore(.duplicateAcknowledgement))
        #expect(transfer.receive(.acknowledgement(block: 1)) == .send(blocks: 2...2))
        #expect(transfer.receive(.acknowledgement(block: 2)) == .finished)
    }

    @Test("an acknowledgement inside the window restarts after it (RFC 7440)")
    func gap() {
        var transfer = Self.transfer(size: 512 * 10, window: 4, retransmissions: 3)
        _ = transfer.start()
        #expect(transfer.receive(.acknowledgement(block: 0)) == .send(blocks: 1...4))
        #expect(transfer.receive(.acknowledgement(block: 2)) == .send(blocks: 3...6))
        for _ in 0..<2 { #expect(transfer.timeout() == .send(blocks: 3...3)) }
        #expect(transfer.timeout() == .send(blocks: 3...6))
        #expect(transfer.receive(.acknowledgement(block: 6)) == .send(blocks: 7...10))
        #expect(transfer.receive(.acknowledgement(block: 10)) == .send(blocks: 11...11))
        #expect(transfer.receive(.acknowledgement(block: 11)) == .finished)
    }

    @Test("block numbers wrap from 65535 to 0 in any window", arguments: [1, 3, 64, 65_535])
    func wrap(window: Int) {
        let blocks = 200_000
        var transfer = Self.transfer(size: 8 * blocks - 1, window: window, options: [TFTPOption("blksize", "8")])
        #expect(transfer.lastBlock == blocks)
        var action = transfer.start()
        if case .sendOptionAcknowledgement = action { action = transfer.receive(.acknowledgement(block: 0)) }
        var next = 1
        while case .send(let range) = action {
            guard range.lowerBound == next else { break }
            next = range.upperBound + 1
            action = transfer.receive(.acknowledgement(block: transfer.wireNumber(of: range.upperBound)))
        }
        #expect(action == .finished)
        #expect(next == blocks + 1)
        #expect(transfer.wireNumber(of: 65_536) == 0)
    }

    @Test(
        "silence ends a transfer after the limit, with what was missing",
        arguments: [
            ([TFTPOption("tsize", "0")], UInt16(0), TFTPReadTransfer.Failure.optionsUnacknowledged), ([], 0, .unacknowledged(block: 1)),
            ([], 1, .lastBlockUnacknowledged),
        ])
    func silence(options: [TFTPOption], acknowledged: UInt16, failure: TFTPReadTransfer.Failure) {
        var transfer = Self.transfer(size: 600, options: options)
        var sent = transfer.start()
        if acknowledged > 0 { sent = transfer.receive(.acknowledgement(block: acknowledged)) }
        let actions = (0..<4).map { _ in transfer.timeout() }
        #expect(actions == [sent, sent, .failed(failure), .ignore(.ended)])
    }

    @Test("progress gives back every attempt")
    func progress() {
        var transfer = Self.transfer(size: 5000, retransmissions: 1)
        _ = transfer.start()
        for block in 1...9 {
            #expect(transfer.timeout() == .send(blocks: block...block))
            #expect(transfer.receive(.acknowledgement(block: UInt16(block))) == .send(blocks: block + 1...block + 1))
        }
    }

    @Test("a client's error ends it; other packets are ignored by name")
    func others() {
        var transfer = Self.transfer(size: 600, options: [TFTPOption("tsize", "0")])
        _ = transfer.start()
        #expect(transfer.receive(.readRequest(TFTPRequest(fileName: [97]))) == .ignore(.duplicateRequest))
        #expect(transfer.receive(.data(block: 1, bytes: [])) == .ignore(.unexpectedPacket))
        #expect(transfer.receive(.optionAcknowledgement([])) == .ignore(.unexpectedPacket))
        #expect(transfer.receive(.writeRequest(TFTPRequest(fileName: [97]))) == .ignore(.unexpectedPacket))
        var other = transfer
        #expect(
            transfer.receive(.error(.optionsRefused, message: "m"))
                == .failed(.clientError(.optionsRefused, message: "m", beforeFirstBlock: true)))
        #expect(transfer.hasEnded)
        _ = other.receive(.acknowledgement(block: 0))
        #expect(other.receive(.error(.diskFull, message: "")) == .failed(.clientError(.diskFull, message: "", beforeFirstBlock: false)))
    }

    @Test("25 transfers over a network that loses, repeats and delays deliver every block", arguments: [1, 2, 5, 32])
    func lossy(window: Int) {
        var generator = SeededGenerator(seed: UInt64(window))
        for _ in 0..<25 {
            let size = Int.random(in: 0..<40_000, using: &generator)
            var transfer = Self.transfer(size: size, window: window, retransmissions: 100)
            var received = 0
            var action = transfer.start()
            var steps = 0
            while !transfer.hasEnded, steps < 20_000 {
                steps += 1
                var answers: [UInt16] = []
                switch action {
                case .send(let blocks):
                    // The client of RFC 7440: takes blocks in order, acknowledges at a gap and at the end of what came.
                    for block in blocks where Int.random(in: 0..<10, using: &generator) > 0 && block == received + 1 { received += 1 }
                    answers = [UInt16(truncatingIfNeeded: received)]
                    if Int.random(in: 0..<5, using: &generator) == 0 { answers += answers }
                    if Int.random(in: 0..<5, using: &generator) == 0 { answers.append(UInt16.random(in: 0...100, using: &generator)) }
                case .sendOptionAcknowledgement: answers = [0]
                case .finished, .failed, .ignore: break
                }
                action = .ignore(.unexpectedPacket)
                for answer in answers.filter({ _ in Int.random(in: 0..<10, using: &generator) > 0 }) {
                    // A number that the client never sent could acknowledge what it has not got: only stale ones are let through.
                    guard Int(answer) <= received else { continue }
                    let next = transfer.receive(.acknowledgement(block: answer))
                    if case .ignore = next { continue }
                    action = next
                }
                if case .ignore = action { action = transfer.timeout() }
            }
            #expect(action == .finished)
            #expect(received == transfer.lastBlock)
        }
    }
}
