package import Primitives

/// An IPv4 packet with one UDP datagram (RFC 791, RFC 768), for sending where the kernel cannot: to a client without an address.
package enum IPv4UDPPacket {
    /// 20 bytes of IPv4 and 8 of UDP.
    package static let headerSize = 28
    /// What is left of the 65,535 bytes that IPv4's length field can say.
    package static let maximumPayload = 65_535 - headerSize

    /// Headers with both checksums, and the payload; `nil` when it is longer than `maximumPayload`.
    package static func encode(
        source: IPv4Address, port sourcePort: UInt16, destination: IPv4Address, port destinationPort: UInt16,
        payload: some Collection<UInt8>
    ) -> [UInt8]? {
        guard let total = UInt16(exactly: headerSize + payload.count) else { return nil }
        let datagramLength = total - 20
        var packet: [UInt8] = []
        packet.reserveCapacity(Int(total))
        packet += [0x45, 0]
        packet.append(contentsOf: BigEndianBytes(total))
        // Identification 0 with "don't fragment" (RFC 6864 section 4.1), time to live 64, protocol 17, checksum to come.
        packet += [0, 0, 0x40, 0, 64, 17, 0, 0]
        packet.append(contentsOf: BigEndianBytes(source.value))
        packet.append(contentsOf: BigEndianBytes(destination.value))
        let headerSum = InternetChecksum(of: packet[0..<20]).value
        packet[10] = UInt8(headerSum >> 8)
        packet[11] = UInt8(headerSum & 0xff)

        packet.append(contentsOf: BigEndianBytes(sourcePort))
        packet.append(contentsOf: BigEndianBytes(destinationPort))
        packet.append(contentsOf: BigEndianBytes(datagramLength))
        packet += [0, 0]
        packet.append(contentsOf: payload)
        var sum = InternetChecksum(of: packet[12...])
        sum.add(17)
        sum.add(datagramLength)
        // Zero on the wire means "no checksum" (RFC 768), so a sum of zero is sent as its other form.
        let datagramSum = sum.value == 0 ? 0xffff : sum.value
        packet[26] = UInt8(datagramSum >> 8)
        packet[27] = UInt8(datagramSum & 0xff)
        return packet
    }
}
