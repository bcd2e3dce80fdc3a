import Primitives

extension DHCPMessage {
    /// The UDP payload, padded to the 300 bytes that BOOTP relays expect (RFC 1542 section 2.1), at most `maximumSize` bytes long.
    ///
    /// Options never spill into `sname` or `file`: boot ROMs read those as names whatever option 52 says.
    package func encode(maximumSize: Int) throws(DHCPEncodeError) -> [UInt8] {
        var message = self
        return try message.finish(maximumSize: maximumSize)
    }

    /// As `encode`, of a message that nobody looks at any more: its options become the packet, and are gone.
    package mutating func finish(maximumSize: Int) throws(DHCPEncodeError) -> [UInt8] {
        guard serverName.count <= 64 else { throw .serverNameTooLong(serverName.count) }
        guard bootFile.count <= 128 else { throw .bootFileTooLong(bootFile.count) }
        guard encodedSize <= maximumSize else { throw .tooLarge(size: encodedSize, maximum: maximumSize) }
        var packet = options.takePacket()
        packet.withUnsafeMutableBytes { packet in
            (packet[0], packet[1], packet[2], packet[3]) = (operation.rawValue, hardwareType, hardwareAddressLength, hops)
            func store<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
                packet.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Value.self)
            }
            store(transactionID, at: 4)
            store(seconds, at: 8)
            store(flags, at: 10)
            store(clientAddress.value, at: 12)
            store(yourAddress.value, at: 16)
            store(serverAddress.value, at: 20)
            store(relayAddress.value, at: 24)
            store(hardware.high, at: 28)
            store(hardware.low, at: 36)
            UnsafeMutableRawBufferPointer(rebasing: packet[44..<236]).initializeMemory(as: UInt8.self, repeating: 0)
            UnsafeMutableRawBufferPointer(rebasing: packet[44..<108]).copyBytes(from: serverName)
            UnsafeMutableRawBufferPointer(rebasing: packet[108..<236]).copyBytes(from: bootFile)
            store(Self.magicCookie, at: 236)
        }
        return packet
    }

    /// Bytes that `encode` makes.
    package var encodedSize: Int { options.packetSize }
}
