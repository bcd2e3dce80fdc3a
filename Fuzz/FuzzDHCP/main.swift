import DHCPWire
import FuzzDriver

/// What decodes must encode, and then decode to what encodes to the same bytes.
fuzz { bytes in
    if let packet = ARPPacket(decoding: bytes) { precondition(ARPPacket(decoding: packet.encode()) == packet) }
    if let datagram = IPv4UDPPacket.decode(bytes) { precondition(datagram.payload.count + IPv4UDPPacket.headerSize <= bytes.count) }
    guard let message = try? DHCPMessage(decoding: bytes) else { return }
    _ = (BootClient(message), message.relayAgentInformation, message.classlessStaticRoutes, message.userClasses)
    for code in message.options.codes {
        precondition(message.options.description(of: code).utf8.allSatisfy { (32...126).contains($0) }, "what an operator sees is not printable")
    }
    guard let encoded = try? message.encode(maximumSize: .max), let again = try? DHCPMessage(decoding: encoded) else {
        preconditionFailure("a decoded message did not survive encoding")
    }
    precondition((try? again.encode(maximumSize: .max)) == encoded, "encoding is not stable")
}
