import TFTPWire
import Testing

/// Times in nanoseconds: a network whose round trip takes a millisecond.
@Suite("What a lost packet costs follows from the round trips that were measured")
struct LossTests {
    static let millisecond: Int64 = 1_000_000

    /// A transfer whose options were acknowledged after a millisecond, at that time, and its first window.
    static func begun(window: Int, blocks: Int = 1000, timeout: String? = nil) -> (TFTPReadTransfer, TFTPReadTransfer.Action) {
        var options = [TFTPOption("windowsize", "\(window)")]
        if let timeout { options.append(TFTPOption("timeout", timeout)) }
        var transfer = TFTPReadTransfer(
            request: TFTPRequest(fileName: [97], options: options), fileSize: 512 * (blocks - 1) + 1, limits: .init())
        _ = transfer.start(at: 0)
        let first = transfer.receiveAcknowledgement(of: 0, at: millisecond)
        return (transfer, first)
    }

    @Test("the wait begins at a quarter of a second, and is a few milliseconds where answers are quick")
    func quick() {
        var transfer = TFTPReadTransfer(request: TFTPRequest(fileName: [97]), fileSize: 512 * 99, limits: .init())
        _ = transfer.start(at: 0)
        #expect(transfer.timeoutInterval == 250 * Self.millisecond)
        for block in 1...20 { _ = transfer.receiveAcknowledgement(of: UInt16(block), at: Int64(block) * Self.millisecond) }
        #expect((4 * Self.millisecond..<5 * Self.millisecond).contains(transfer.timeoutInterval))
    }

    @Test(
        "the wait grows with slow answers, doubles with each one missing, and ends at the longer of ours and the client's timeout",
        arguments: [("2", 80), ("10", 100)])
    func slow(_ row: (asked: String, longest: Int64)) {
        var (transfer, _) = Self.begun(window: 1, timeout: row.asked)
        for block in 1...100 { _ = transfer.receiveAcknowledgement(of: UInt16(block), at: Int64(block) * 100 * Self.millisecond) }
        #expect((100 * Self.millisecond..<110 * Self.millisecond).contains(transfer.timeoutInterval))
        let waits = (0..<8).map { _ in
            _ = transfer.timeout(at: 20_000 * Self.millisecond)
            return transfer.timeoutInterval / (100 * Self.millisecond)
        }
        #expect(waits == [2, 4, 8, 16, 32, 64, row.longest, row.longest])
    }

    @Test("an answer to a block that was sent twice measures nothing (Karn)")
    func ambiguous() {
        var (transfer, _) = Self.begun(window: 1)
        _ = transfer.receiveAcknowledgement(of: 1, at: 2 * Self.millisecond)
        let before = transfer.roundTrip
        _ = transfer.timeout(at: 6 * Self.millisecond)
        _ = transfer.receiveAcknowledgement(of: 2, at: 900 * Self.millisecond)
        #expect(transfer.roundTrip == before)
        _ = transfer.receiveAcknowledgement(of: 3, at: 1000 * Self.millisecond)
        #expect(transfer.roundTrip != before)
    }

    @Test("a client that is silent is given up in time, after a pause in which it can repeat itself")
    func patience() {
        var (transfer, _) = Self.begun(window: 1)
        var (waited, longest): (Int64, Int64) = (0, 0)
        while !transfer.hasEnded {
            waited += transfer.timeoutInterval
            longest = max(longest, transfer.timeoutInterval)
            _ = transfer.timeout(at: waited)
        }
        #expect((16_000 * Self.millisecond..<25_000 * Self.millisecond).contains(waited))
        #expect(longest == 8000 * Self.millisecond)
    }

    @Test("the first of a window is repeated alone, and the client says where it is")
    func probe() {
        var (transfer, first) = Self.begun(window: 16)
        #expect(first == .send(blocks: 1...16))
        #expect(transfer.timeout(at: 10 * Self.millisecond) == .send(blocks: 1...1))
        // Its last block had been lost.
        #expect(transfer.receiveAcknowledgement(of: 15, at: 11 * Self.millisecond) == .send(blocks: 16...31))
        // An acknowledgement had been lost.
        #expect(transfer.timeout(at: 21 * Self.millisecond) == .send(blocks: 16...16))
        #expect(transfer.receiveAcknowledgement(of: 31, at: 22 * Self.millisecond) == .send(blocks: 32...47))
    }

    @Test("a window that was repeated as a whole is not sent a third time by a client that had a part of it")
    func repeated() {
        var (transfer, _) = Self.begun(window: 16)
        for _ in 0..<2 { #expect(transfer.timeout(at: 10 * Self.millisecond) == .send(blocks: 1...1)) }
        #expect(transfer.timeout(at: 20 * Self.millisecond) == .send(blocks: 1...16))
        #expect(transfer.receiveAcknowledgement(of: 10, at: 21 * Self.millisecond) == .send(blocks: 17...26))
        // Now it is a gap.
        #expect(transfer.receiveAcknowledgement(of: 12, at: 22 * Self.millisecond) == .send(blocks: 13...28))
    }

    @Test("at the file's end there is nothing to add to it")
    func repeatedAtTheEnd() {
        var (transfer, _) = Self.begun(window: 16, blocks: 16)
        for _ in 0..<2 { #expect(transfer.timeout(at: 10 * Self.millisecond) == .send(blocks: 1...1)) }
        #expect(transfer.timeout(at: 20 * Self.millisecond) == .send(blocks: 1...16))
        #expect(transfer.receiveAcknowledgement(of: 10, at: 21 * Self.millisecond) == .ignore(.underWay))
        #expect(transfer.receiveAcknowledgement(of: 16, at: 22 * Self.millisecond) == .finished)
    }

    @Test("a duplicate acknowledgement repeats a window once, and only as soon as it can be an answer to it")
    func duplicate() {
        var (transfer, _) = Self.begun(window: 4)
        let now = 10 * Self.millisecond
        #expect(transfer.receiveAcknowledgement(of: 4, at: now) == .send(blocks: 5...8))
        #expect(transfer.receiveAcknowledgement(of: 4, at: now + Self.millisecond / 2) == .ignore(.duplicateAcknowledgement))
        #expect(transfer.receiveAcknowledgement(of: 4, at: now + Self.millisecond) == .send(blocks: 5...8))
        #expect(transfer.receiveAcknowledgement(of: 4, at: now + 2 * Self.millisecond) == .ignore(.duplicateAcknowledgement))
    }

    @Test("acknowledgements of a client that sends one for each block after a gap repeat nothing")
    func eager() {
        var (transfer, _) = Self.begun(window: 16)
        #expect(transfer.receiveAcknowledgement(of: 3, at: 10 * Self.millisecond) == .send(blocks: 4...19))
        for time in 11..<23 {
            #expect(transfer.receiveAcknowledgement(of: 3, at: Int64(time) * Self.millisecond) == .ignore(.duplicateAcknowledgement))
        }
    }

    @Test("a client whose every acknowledgement comes twice is not sent everything twice")
    func sorcerersApprentice() {
        var (transfer, action) = Self.begun(window: 4, blocks: 1000)
        var now = Self.millisecond
        var sent = 0
        while case .send(let blocks) = action {
            sent += blocks.count
            now += Self.millisecond
            let last = transfer.wireNumber(of: blocks.upperBound)
            action = transfer.receiveAcknowledgement(of: last, at: now)
            now += Self.millisecond
            if case .send(let again) = transfer.receiveAcknowledgement(of: last, at: now) { sent += again.count }
        }
        #expect(action == .finished)
        #expect(sent <= 1500)
    }
}
