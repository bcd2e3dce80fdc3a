package import Primitives

extension IPv4UDPPacket {
    /// A UDP datagram with the addresses of the packet that carried it.
    package struct Datagram: Hashable, Sendable {
        package var source: IPv4Address
        package var sourcePort: UInt16
        package var destination: IPv4Address
        package var destinationPort: UInt16
        package var payload: [UInt8]
    }

    /// What a link delivered, from the IPv4 header on; `nil` for what is no whole UDP datagram. Checksums are the payload's reader's risk: a network
    /// card that computes them leaves them empty on the way between namespaces.
    package static func decode(_ bytes: [UInt8]) -> Datagram? {
        guard let first = bytes.first, first >> 4 == 4 else { return nil }
        let header = Int(first & 0xf) * 4
        guard header >= 20, bytes.count >= header + 8 else { return nil }
        func number(_ offset: Int, _ count: Int) -> UInt32 { bytes[offset..<offset + count].reduce(0) { $0 << 8 | UInt32($1) } }
        // UDP, whole: the fields of fragments (RFC 791 section 3.1) but "don't fragment" are zero.
        guard bytes[9] == 17, number(6, 2) & 0xbfff == 0 else { return nil }
        let length = Int(number(header + 4, 2))
        guard length >= 8, header + length <= Int(number(2, 2)), Int(number(2, 2)) <= bytes.count else { return nil }
        return Datagram(
            source: IPv4Address(value: number(12, 4)), sourcePort: UInt16(number(header, 2)), destination: IPv4Address(value: number(16, 4)),
            destinationPort: UInt16(number(header + 2, 2)), payload: Array(bytes[header + 8..<header + length]))
    }
}
