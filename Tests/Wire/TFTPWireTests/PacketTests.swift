import Foundation
import TFTPWire
import Testing

@Suite("TFTP packets decode and encode byte for byte")
struct PacketTests {
    static func text(_ string: String) -> [UInt8] { string.utf8.map { $0 == UInt8(ascii: "|") ? 0 : $0 } }

    /// As EDK2 asks for a program: all four options.
    static let request = [0, 1] + text("boot\\ipxe.efi|octet|tsize|0|blksize|1468|windowsize|4|x-unknown|7|")

    static let golden: [(bytes: [UInt8], packet: TFTPPacket)] = [
        (
            request,
            .readRequest(
                TFTPRequest(
                    fileName: Array("boot\\ipxe.efi".utf8),
                    options: [
                        TFTPOption("tsize", "0"), TFTPOption("blksize", "1468"), TFTPOption("windowsize", "4"),
                        TFTPOption("x-unknown", "7"),
                    ]))
        ),
        ([0, 1, 97, 255, 0] + text("netascii|"), .readRequest(TFTPRequest(fileName: [97, 255], mode: .netascii))),
        ([0, 2, 97, 0] + text("octet|"), .writeRequest(TFTPRequest(fileName: [97]))),
        ([0, 3, 255, 254, 1, 2, 3], .data(block: 65534, bytes: [1, 2, 3])),
        ([0, 3, 0, 1], .data(block: 1, bytes: [])),
        ([0, 4, 1, 0], .acknowledgement(block: 256)),
        ([0, 5, 0, 8] + text("User aborted|"), .error(.optionsRefused, message: "User aborted")),
        ([0, 5, 3, 231, 0], .error(TFTPErrorCode(rawValue: 999), message: "")),
        ([0, 6] + text("blksize|1468|"), .optionAcknowledgement([TFTPOption("blksize", "1468")])),
        ([0, 6], .optionAcknowledgement([])),
    ]

    @Test("golden packets", arguments: golden.indices)
    func goldenPackets(index: Int) throws {
        let (bytes, packet) = Self.golden[index]
        #expect(try TFTPPacket(decoding: bytes) == packet)
        #expect(packet.encode() == bytes)
    }

    @Test(
        "what clients get wrong and everyone forgives",
        arguments: [
            (
                [0, 1] + text("f|OcTeT|BLKSIZE|8||||"),
                TFTPPacket.readRequest(TFTPRequest(fileName: [102], options: [TFTPOption("BLKSIZE", "8")]))
            ),
            ([0, 4, 0, 9, 0, 0, 0], .acknowledgement(block: 9)),
            ([0, 5, 0, 1] + text("no NUL"), .error(.fileNotFound, message: "no NUL")),
            ([0, 5, 0, 1, 97, 0, 98, 99], .error(.fileNotFound, message: "a")),
            ([0, 1] + text("f|mail|"), .readRequest(TFTPRequest(fileName: [102], mode: TFTPRequest.Mode(rawValue: "MAIL")))),
        ])
    func forgiven(bytes: [UInt8], packet: TFTPPacket) throws { #expect(try TFTPPacket(decoding: bytes) == packet) }

    @Test(
        "what is no packet is refused by name and offset",
        arguments: [
            ([], TFTPDecodeError.truncated(field: "opcode", offset: 0, needed: 2, remaining: 0)),
            ([0], .truncated(field: "opcode", offset: 0, needed: 2, remaining: 1)),
            ([0, 0], .unknownOperation(0)),
            ([1, 1], .unknownOperation(257)),
            ([0, 1], .unterminated(field: "file name", offset: 2)),
            ([0, 1] + text("f|octet"), .unterminated(field: "mode", offset: 4)),
            ([0, 1] + text("f|octet|tsize"), .unterminated(field: "option name", offset: 10)),
            ([0, 1] + text("f|octet|tsize|"), .unterminated(field: "value of option tsize", offset: 16)),
            ([0, 1, 102, 0, 255, 0], .invalidText(field: "mode", offset: 4)),
            ([0, 6, 255, 0, 49, 0], .invalidText(field: "option name", offset: 2)),
            ([0, 3, 1], .truncated(field: "block", offset: 2, needed: 2, remaining: 1)),
            ([0, 4, 0], .truncated(field: "block", offset: 2, needed: 2, remaining: 1)),
            ([0, 4, 0, 1, 7], .trailingBytes(offset: 4, count: 1)),
            ([0, 5, 0], .truncated(field: "error code", offset: 2, needed: 2, remaining: 1)),
            ([0, 1] + text("f|octet|") + [UInt8](repeating: 0, count: 1491), .requestTooLong(1501)),
        ] as [([UInt8], TFTPDecodeError)])
    func refused(bytes: [UInt8], error: TFTPDecodeError) {
        #expect(throws: error) { try TFTPPacket(decoding: bytes) }
    }

    @Test("every prefix of a request is a shorter request or an error with an offset inside it")
    func prefixes() throws {
        var decoded = 0
        for count in 0..<Self.request.count {
            do {
                guard case .readRequest(let request) = try TFTPPacket(decoding: Self.request.prefix(count)) else {
                    Issue.record("not a read request")
                    continue
                }
                #expect(request.fileName == Array("boot\\ipxe.efi".utf8))
                decoded += 1
            } catch {
                switch error {
                case .truncated(_, let offset, _, _): #expect(offset == 0 && count < 2)
                case .unterminated(_, let offset): #expect(offset <= count)
                default: Issue.record(error)
                }
            }
        }
        #expect(decoded == 4, "after the mode and after three whole options")
    }

    @Test("fuzz inputs, the ones that once crashed included, decode or are refused, and encode stably")
    func corpus() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Fuzz/Corpus/tftp").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 8)
        for file in files {
            guard let packet = try? TFTPPacket(decoding: Data(contentsOf: file)) else { continue }
            #expect(try TFTPPacket(decoding: packet.encode()) == packet)
        }
    }

    @Test("100,000 mutated packets decode to what encodes and decodes to the same, or to an error")
    func mutations() throws {
        var generator = SeededGenerator(seed: 0x7f7f)
        var decoded = 0
        for round in 0..<100_000 {
            var bytes = Self.golden[round % Self.golden.count].bytes
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0...min(6, bytes.count), using: &generator)) }
            guard let packet = try? TFTPPacket(decoding: bytes) else { continue }
            decoded += 1
            #expect(try TFTPPacket(decoding: packet.encode()) == packet)
        }
        #expect((10_000..<100_000).contains(decoded), "the mutations reach both sides: \(decoded)")
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
