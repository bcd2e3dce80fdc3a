import Primitives

extension DHCPMessage {
    /// Decodes a UDP payload. Refuses anything shorter than the fixed part and its cookie, and options that reach past their field;
    /// messages below BOOTP's 300 bytes are accepted, since clients send them.
    package init(decoding bytes: some Collection<UInt8>) throws(DHCPDecodeError) {
        try self.init(packet: Array(bytes))
    }

    /// The same without a copy: the options refer to `packet`.
    package init(packet: [UInt8]) throws(DHCPDecodeError) {
        guard packet.count >= Self.fixedSize else { throw Self.truncation(of: packet.count) }
        func integer<Value: FixedWidthInteger>(at offset: Int, as _: Value.Type) -> Value {
            packet.withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
        }
        func address(at offset: Int) -> IPv4Address { IPv4Address(value: integer(at: offset, as: UInt32.self)) }

        guard let operation = DHCPOperation(rawValue: packet[0]) else { throw .unknownOperation(packet[0]) }
        guard packet[2] <= 16 else { throw .hardwareAddressTooLong(packet[2]) }
        let cookie = integer(at: 236, as: UInt32.self)
        guard cookie == Self.magicCookie else { throw .wrongMagicCookie(cookie) }

        let (serverNameField, bootFileField) = (44..<108, 108..<236)
        // Before anything of the message stands: one that fails half made would be copied.
        let (options, overload) = try DHCPOptions.decode(packet: packet, bootFile: bootFileField, serverName: serverNameField)
        self.init(operation: operation, transactionID: integer(at: 4, as: UInt32.self), options: options)
        hardwareType = packet[1]
        hops = packet[3]
        seconds = integer(at: 8, as: UInt16.self)
        flags = integer(at: 10, as: UInt16.self)
        clientAddress = address(at: 12)
        yourAddress = address(at: 16)
        serverAddress = address(at: 20)
        relayAddress = address(at: 24)
        setHardware(length: packet[2], high: integer(at: 28, as: UInt64.self), low: integer(at: 36, as: UInt64.self))
        setNames(
            server: overload.contains(.serverName) ? [] : Self.unpadded(serverNameField, of: packet),
            file: overload.contains(.bootFile) ? [] : Self.unpadded(bootFileField, of: packet))
    }

    /// Without the zeros at its end; most fields are nothing else, so those are looked at eight at a time.
    private static func unpadded(_ field: Range<Int>, of packet: [UInt8]) -> [UInt8] {
        packet.withUnsafeBytes { packet in
            var end = field.upperBound
            while end - 8 >= field.lowerBound, packet.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == 0 { end -= 8 }
            while end > field.lowerBound, packet[end - 1] == 0 { end -= 1 }
            return end > field.lowerBound ? Array(packet[field.lowerBound..<end]) : []
        }
    }

    /// Names the field of figure 1 in which a packet of `count` bytes ends.
    private static func truncation(of count: Int) -> DHCPDecodeError {
        let fields: [(name: String, size: Int)] = [
            ("op", 1), ("htype", 1), ("hlen", 1), ("hops", 1), ("xid", 4), ("secs", 2), ("flags", 2), ("ciaddr", 4),
            ("yiaddr", 4), ("siaddr", 4), ("giaddr", 4), ("chaddr", 16), ("sname", 64), ("file", 128),
        ]
        var offset = 0
        for field in fields {
            if count < offset + field.size {
                return .truncated(field: field.name, offset: offset, needed: field.size, remaining: count - offset)
            }
            offset += field.size
        }
        return .truncated(field: "magic cookie", offset: offset, needed: 4, remaining: count - offset)
    }
}
