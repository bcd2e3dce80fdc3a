import TFTPWire
import Testing

@Suite("Only options that were asked for are acknowledged")
struct NegotiationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let asked: [TFTPOption]
        var answered: [TFTPOption] = []
        var blockSize = 512
        var windowSize = 1
        var timeout = Duration.seconds(8)

        var testDescription: String { asked.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
    }

    @Test(
        "answers within our limits",
        arguments: [
            Row(asked: []),
            Row(asked: [TFTPOption("blksize", "1432")], answered: [TFTPOption("blksize", "1432")], blockSize: 1432),
            Row(asked: [TFTPOption("BlkSize", "65464")], answered: [TFTPOption("BlkSize", "1468")], blockSize: 1468),
            Row(asked: [TFTPOption("blksize", "8")], answered: [TFTPOption("blksize", "8")], blockSize: 8),
            Row(asked: [TFTPOption("blksize", "7")]),
            Row(asked: [TFTPOption("blksize", "65465")]),
            Row(asked: [TFTPOption("blksize", "-8")]),
            Row(asked: [TFTPOption("blksize", "")]),
            Row(asked: [TFTPOption("blksize", "99999999999999999999")]),
            Row(asked: [TFTPOption("tsize", "0")], answered: [TFTPOption("tsize", "5000")]),
            Row(asked: [TFTPOption("tsize", "x")]),
            Row(asked: [TFTPOption("timeout", "5")], answered: [TFTPOption("timeout", "5")], timeout: .seconds(5)),
            Row(asked: [TFTPOption("timeout", "0")]),
            Row(asked: [TFTPOption("timeout", "31")]),
            Row(asked: [TFTPOption("timeout", "256")]),
            Row(asked: [TFTPOption("windowsize", "4")], answered: [TFTPOption("windowsize", "4")], windowSize: 4),
            Row(asked: [TFTPOption("windowsize", "65535")], answered: [TFTPOption("windowsize", "16")], windowSize: 16),
            Row(asked: [TFTPOption("windowsize", "0")]),
            Row(asked: [TFTPOption("multicast", "")]),
            Row(
                asked: [TFTPOption("tsize", "0"), TFTPOption("x", "1"), TFTPOption("blksize", "1024"), TFTPOption("blksize", "512")],
                answered: [TFTPOption("tsize", "5000"), TFTPOption("blksize", "1024")], blockSize: 1024),
        ])
    func answers(row: Row) {
        var transfer = TFTPReadTransfer(
            request: TFTPRequest(fileName: [97], options: row.asked), fileSize: 5000, limits: .init(maximumWindowSize: 16))
        #expect(transfer.negotiation.acknowledged == row.answered)
        #expect(transfer.blockSize == row.blockSize)
        #expect(transfer.windowSize == row.windowSize)
        #expect(transfer.negotiation.timeout == row.timeout)
        let first = transfer.start()
        #expect(first == (row.answered.isEmpty ? .send(blocks: 1...1) : .sendOptionAcknowledgement(row.answered)))
    }

    @Test(
        "limits that make no sense are held within the protocol's",
        arguments: [(Int.min, 512), (0, 512), (576, 544), (9000, 8968), (Int.max, 65464)])
    func limits(mtu: Int, blockSize: Int) {
        let limits = TFTPReadTransfer.Limits(linkMTU: mtu, maximumWindowSize: 0)
        let request = TFTPRequest(fileName: [97], options: [TFTPOption("blksize", "65464"), TFTPOption("windowsize", "9")])
        let transfer = TFTPReadTransfer(request: request, fileSize: 1, limits: limits)
        #expect(transfer.blockSize == blockSize)
        #expect(transfer.windowSize == 1)
    }
}
