import DHCPWire
import Primitives
import Testing

@Suite("Hostile and odd bytes decode to a message or to an error that says where")
struct DecodeTests {
    @Test(
        "a packet that ends early names the field and its offset",
        arguments: [
            (0, "op", 0, 1), (1, "htype", 1, 1), (3, "hops", 3, 1), (5, "xid", 4, 4), (9, "secs", 8, 2), (11, "flags", 10, 2),
            (12, "ciaddr", 12, 4), (27, "giaddr", 24, 4), (43, "chaddr", 28, 16), (107, "sname", 44, 64), (235, "file", 108, 128),
            (239, "magic cookie", 236, 4),
        ])
    func truncated(count: Int, field: String, offset: Int, needed: Int) {
        let error = DHCPDecodeError.truncated(field: field, offset: offset, needed: needed, remaining: count - offset)
        #expect(throws: error) { try DHCPMessage(decoding: packet(options: []).prefix(count)) }
    }

    @Test(
        "what is not DHCP is refused by name",
        arguments: [
            ([0: [3]], DHCPDecodeError.unknownOperation(3)),
            ([0: [0]], .unknownOperation(0)),
            ([2: [17]], .hardwareAddressTooLong(17)),
            ([2: [255]], .hardwareAddressTooLong(255)),
            ([236: [1, 2, 3, 4]], .wrongMagicCookie(0x0102_0304)),
        ])
    func refused(change: [Int: [UInt8]], error: DHCPDecodeError) {
        #expect(throws: error) {
            try DHCPMessage(
                decoding: packet(header: change.filter { $0.key < 236 }, options: []).enumerated().map {
                    $0.offset >= 236 ? change[236]?[$0.offset - 236] ?? $0.element : $0.element
                })
        }
    }

    @Test(
        "an option that reaches past its field is refused with its offset",
        arguments: [
            ([53], DHCPDecodeError.truncatedOption(.messageType, field: "options", offset: 240, needed: 1, remaining: 0)),
            ([53, 1], .truncatedOption(.messageType, field: "options", offset: 240, needed: 1, remaining: 0)),
            ([0, 12, 255, 1, 2], .truncatedOption(.hostName, field: "options", offset: 241, needed: 255, remaining: 2)),
            ([53, 1, 1, 61, 2, 9], .truncatedOption(.clientIdentifier, field: "options", offset: 243, needed: 2, remaining: 1)),
        ])
    func truncatedOption(options: [UInt8], error: DHCPDecodeError) {
        #expect(throws: error) { try DHCPMessage(decoding: packet(options: options)) }
    }

    @Test(
        "pads, a missing end mark and padding after it are ordinary",
        arguments: [
            [0, 0, 53, 1, 1], [53, 1, 1, 255], [53, 1, 1, 0, 0, 255, 0, 0], [53, 1, 1, 255, 99, 99],
        ] as [[UInt8]])
    func tolerated(options: [UInt8]) throws {
        let message = try DHCPMessage(decoding: packet(options: options))
        #expect(message.messageType == .discover)
        #expect(message.options.codes == [.messageType])
    }

    @Test("every prefix of every capture decodes to a prefix of its options, or says where it ends", arguments: Fixture.names)
    func prefixes(name: String) throws {
        let bytes = try Fixture.bytes(name)
        let whole = try DHCPMessage(decoding: bytes)
        var decoded = 0
        for count in 0..<bytes.count {
            do {
                let message = try DHCPMessage(decoding: bytes.prefix(count))
                #expect(whole.options.codes.starts(with: message.options.codes))
                decoded += 1
            } catch {
                switch error {
                case .truncated(_, let offset, _, let remaining): #expect(offset + remaining == count && count < 240)
                case .truncatedOption(_, _, let offset, let needed, let remaining):
                    #expect(offset < count && needed > remaining && count > 240)
                default: Issue.record(error)
                }
            }
        }
        #expect(decoded == whole.options.count + 1, "once at each boundary between options")
    }

    @Test("every length byte that lies is refused or read, never followed out of the packet", arguments: Fixture.names)
    func extremeLengths(name: String) throws {
        let bytes = try Fixture.bytes(name)
        for index in 241..<bytes.count {
            for value: UInt8 in [0, 1, 254, 255] {
                var changed = bytes
                changed[index] = value
                guard let message = try? DHCPMessage(decoding: changed) else { continue }
                #expect(message.options.codes.reduce(0) { $0 + (message.options[$1]?.count ?? 0) } <= bytes.count - 240)
            }
        }
    }

    @Test("20,000 pieces of one option are joined in order")
    func manyPieces() throws {
        let pieces: [UInt8] = (0..<20_000).flatMap { [200, 1, UInt8($0 % 251)] }
        let message = try DHCPMessage(decoding: packet(options: [53, 1, 1] + pieces))
        #expect(message.options.codes == [.messageType, DHCPOptionCode(200)])
        #expect(message.options[DHCPOptionCode(200)].map(Array.init) == (0..<20_000).map { UInt8($0 % 251) })
    }

    @Test("fuzz inputs, the ones that once crashed included, decode or are refused, and encode stably")
    func corpus() throws {
        let inputs = try Fixture.corpus()
        #expect(inputs.count >= 15)
        for bytes in inputs {
            guard let message = try? DHCPMessage(decoding: bytes) else { continue }
            let encoded = try message.encode(maximumSize: .max)
            #expect(try DHCPMessage(decoding: encoded).encode(maximumSize: .max) == encoded)
        }
    }

    @Test("what 100,000 mutated captures decode to encodes and decodes to the same")
    func mutations() throws {
        var generator = SeededGenerator(seed: 0xb007)
        let seeds = try Fixture.names.map(Fixture.bytes)
        var decoded = 0
        for round in 0..<100_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let inHeader = Int.random(in: 0..<4, using: &generator) == 0
                let index = Int.random(in: inHeader ? 0..<240 : 240..<bytes.count, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0..<160, using: &generator)) }
            guard let message = try? DHCPMessage(decoding: bytes) else { continue }
            decoded += 1
            let encoded = try message.encode(maximumSize: 2000)
            let again = try DHCPMessage(decoding: encoded)
            // An #expect for each of 100,000 rounds would take longer than all the rest.
            guard try again.encode(maximumSize: 2000) == encoded, BootClient(again) == BootClient(message) else {
                Issue.record("round \(round) is not stable: \(Hexadecimal.encode(bytes))")
                continue
            }
        }
        #expect((10_000..<100_000).contains(decoded), "the mutations reach both sides: \(decoded)")
    }
}
