import DHCPWire
import Primitives
import Testing

@Suite("ARP of IPv4 over Ethernet")
struct ARPPacketTests {
    private static let us = HardwareAddress(value: 0x5254_0000_0001)
    private static let them = HardwareAddress(value: 0x0211_2233_4455)

    @Test("a probe says who asks and for what, and claims nothing (RFC 5227 section 2.1.1)")
    func probe() {
        let expected: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 100]
        #expect(ARPPacket.probe(for: IPv4Address(10, 0, 0, 100), from: Self.us).encode() == expected)
    }

    /// As Linux answers that probe, with the padding that Ethernet's shortest frame has.
    static let answer: [UInt8] =
        [0, 1, 8, 0, 6, 4, 0, 2, 2, 0x11, 0x22, 0x33, 0x44, 0x55, 10, 0, 0, 100, 0x52, 0x54, 0, 0, 0, 1, 0, 0, 0, 0]
        + [UInt8](repeating: 0, count: 18)

    @Test("an answer says who has the address, padding or not")
    func reply() throws {
        let packet = try #require(ARPPacket(decoding: Self.answer))
        #expect(packet.operation == .reply && packet.sender == IPv4Address(10, 0, 0, 100) && packet.senderHardware == Self.them)
        #expect(packet.targetHardware == Self.us && packet.target.isAny)
        #expect(packet.encode() == Array(Self.answer.prefix(28)))
    }

    @Test("no shorter prefix is a packet", arguments: 0..<28)
    func truncated(count: Int) { #expect(ARPPacket(decoding: Array(Self.answer.prefix(count))) == nil) }

    @Test("another link, protocol or length of address is none; an operation that nobody knows is one", arguments: 0..<8)
    func foreign(position: Int) {
        var bytes = Self.answer
        bytes[position] ^= 0x40
        #expect((ARPPacket(decoding: bytes) == nil) == (position < 6))
    }
}
