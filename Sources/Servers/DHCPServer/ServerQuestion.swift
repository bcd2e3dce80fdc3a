import DHCPWire
import Primitives

/// A DHCPDISCOVER of our own, by which other servers show themselves. It is never followed by a DHCPREQUEST: nothing is leased.
struct ServerQuestion: Sendable {
    struct Offer: Hashable, Sendable {
        var server: IPv4Address
        /// What it would give us.
        var address: IPv4Address
    }

    private let message: DHCPMessage

    init(from hardwareAddress: HardwareAddress, transactionID: UInt32) {
        var message = DHCPMessage(operation: .request, transactionID: transactionID)
        message.hardwareAddress = hardwareAddress
        message.wantsBroadcast = true
        message.messageType = .discover
        // For those who read the other server's log.
        message.vendorClassIdentifier = "bennu"
        message.options.set(.parameterRequestList, to: [1, 3, 6])
        self.message = message
    }

    /// From the IPv4 header on, as a client without an address sends it.
    var packet: [UInt8]? {
        guard let payload = try? message.encode(maximumSize: 576) else { return nil }
        return IPv4UDPPacket.encode(
            source: .any, port: DHCPMessage.clientPort, destination: .broadcast, port: DHCPMessage.serverPort, payload: payload)
    }

    /// The answer to this question in an IPv4 packet; `nil` for anything else.
    func offer(in bytes: [UInt8]) -> Offer? {
        guard let datagram = IPv4UDPPacket.decode(bytes), datagram.sourcePort == DHCPMessage.serverPort,
            let reply = try? DHCPMessage(decoding: datagram.payload), reply.operation == .reply, reply.messageType == .offer,
            reply.transactionID == message.transactionID, reply.hardwareAddress == message.hardwareAddress
        else { return nil }
        return Offer(server: reply.serverIdentifier ?? datagram.source, address: reply.yourAddress)
    }
}
