import DHCPWire
import Primitives
import Testing

@Suite("An IPv4 and UDP header for raw replies")
struct IPv4UDPPacketTests {
    static func encode(_ payload: [UInt8]) -> [UInt8]? {
        IPv4UDPPacket.encode(
            source: IPv4Address(10, 77, 0, 1), port: 67, destination: IPv4Address(10, 77, 0, 100), port: 68, payload: payload)
    }

    /// RFC 1071: the sum over everything that the checksum covers, itself included, is all ones.
    static func sum(_ bytes: [UInt8]) -> UInt32 {
        let padded = bytes + (bytes.count % 2 == 1 ? [0] : [])
        let total = stride(from: 0, to: padded.count, by: 2).reduce(UInt32(0)) { $0 + UInt32(padded[$1]) << 8 + UInt32(padded[$1 + 1]) }
        return [0, 1].reduce(total) { sum, _ in (sum >> 16) + (sum & 0xffff) }
    }

    @Test("exact bytes")
    func golden() {
        let header: [UInt8] = [69, 0, 0, 31, 0, 0, 64, 0, 64, 17, 37, 208]
        let addresses: [UInt8] = [10, 77, 0, 1, 10, 77, 0, 100]
        let datagram: [UInt8] = [0, 67, 0, 68, 0, 11, 230, 80]
        #expect(Self.encode([1, 2, 3]) == header + addresses + datagram + [1, 2, 3])
    }

    @Test("both checksums hold for odd, even and empty payloads", arguments: [0, 1, 2, 299, 300, 1472])
    func checksums(count: Int) throws {
        let packet = try #require(Self.encode((0..<count).map { UInt8($0 % 256) }))
        #expect(packet.count == 28 + count)
        #expect(Self.sum(Array(packet[0..<20])) == 0xffff)
        let length = [UInt8(packet[24]), packet[25]]
        #expect(Self.sum(Array(packet[12..<20]) + [0, 17] + length + Array(packet[20...])) == 0xffff)
    }

    @Test("a checksum of zero is sent as all ones")
    func zeroChecksum() throws {
        let base = try #require(Self.encode([0, 0]))
        // Adding the checksum of an empty word as data makes the sum all ones, and its complement zero.
        let packet = try #require(Self.encode(Array(base[26..<28])))
        #expect(packet[26..<28] == [0xff, 0xff])
    }

    @Test("a payload that IPv4 cannot carry is refused")
    func tooLong() {
        #expect(Self.encode([UInt8](repeating: 0, count: IPv4UDPPacket.maximumPayload)) != nil)
        #expect(Self.encode([UInt8](repeating: 0, count: IPv4UDPPacket.maximumPayload + 1)) == nil)
    }
}

@Suite("A UDP datagram that a link delivered")
struct IPv4UDPPacketDecodeTests {
    private static let packet = IPv4UDPPacketTests.encode([1, 2, 3]) ?? []

    @Test("what is encoded is decoded, the link's padding left out")
    func roundTrip() throws {
        let datagram = try #require(IPv4UDPPacket.decode(Self.packet + [0, 0, 0]))
        #expect(datagram.source == IPv4Address(10, 77, 0, 1) && datagram.destination == IPv4Address(10, 77, 0, 100))
        #expect(datagram.sourcePort == 67 && datagram.destinationPort == 68 && datagram.payload == [1, 2, 3])
        // Two words of IP options.
        var longer = Self.packet
        longer[0] = 0x47
        longer[3] += 8
        longer.insert(contentsOf: [UInt8](repeating: 1, count: 8), at: 20)
        #expect(IPv4UDPPacket.decode(longer) == datagram)
    }

    @Test("no prefix is a datagram")
    func truncated() { for count in 0..<31 { #expect(IPv4UDPPacket.decode(Array(Self.packet.prefix(count))) == nil) } }

    @Test(
        "nor is another version, a header that ends too early or too late, a fragment, another protocol, or a length that is not so",
        arguments: [(0, 0x65), (0, 0x44), (0, 0x4f), (2, 0xff), (3, 30), (6, 0x20), (7, 1), (9, 6), (25, 7), (25, 12), (24, 1)] as [(Int, UInt8)])
    func malformed(offset: Int, value: UInt8) {
        var bytes = Self.packet
        bytes[offset] = value
        #expect(IPv4UDPPacket.decode(bytes) == nil)
    }
}
