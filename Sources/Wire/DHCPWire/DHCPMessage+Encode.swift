import Primitives

extension DHCPMessage {
    /// The UDP payload, padded to the 300 bytes that BOOTP relays expect (RFC 1542 section 2.1), at most `maximumSize` bytes long.
    ///
    /// Options never spill into `sname` or `file`: boot ROMs read those as names whatever option 52 says.
    package func encode(maximumSize: Int) throws(DHCPEncodeError) -> [UInt8] {
        guard serverName.count <= 64 else { throw .serverNameTooLong(serverName.count) }
        guard bootFile.count <= 128 else { throw .bootFileTooLong(bootFile.count) }
        let size = Swift.max(Self.minimumSize, Self.fixedSize + options.encodedCount)
        guard size <= maximumSize else { throw .tooLarge(size: size, maximum: maximumSize) }

        var packet: [UInt8] = []
        packet.reserveCapacity(size)
        packet += [operation.rawValue, hardwareType, hardwareAddressLength, hops]
        packet.append(contentsOf: BigEndianBytes(transactionID))
        packet.append(contentsOf: BigEndianBytes(seconds))
        packet.append(contentsOf: BigEndianBytes(flags))
        packet.append(contentsOf: BigEndianBytes(clientAddress.value))
        packet.append(contentsOf: BigEndianBytes(yourAddress.value))
        packet.append(contentsOf: BigEndianBytes(serverAddress.value))
        packet.append(contentsOf: BigEndianBytes(relayAddress.value))
        packet += hardwareField
        packet += serverName
        packet.append(contentsOf: repeatElement(0, count: 64 - serverName.count))
        packet += bootFile
        packet.append(contentsOf: repeatElement(0, count: 128 - bootFile.count))
        packet.append(contentsOf: BigEndianBytes(Self.magicCookie))
        options.append(to: &packet)
        packet.append(contentsOf: repeatElement(0, count: Swift.max(0, size - packet.count)))
        return packet
    }
}
