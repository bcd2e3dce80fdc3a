import BootPolicy
import DHCPWire
import DatagramIO
import Primitives

/// A reply in bytes, and the way back to its client.
struct PreparedReply: Sendable {
    let message: DHCPMessage
    let bytes: [UInt8]
    let destination: DHCPMessage.Destination
    let endpoint: Endpoint
    /// Where the request came from: a relay may want its replies there (RFC 8357).
    let requestPort: UInt16
}

/// Puts replies on the wire. Used by both threads; the kernel keeps their datagrams apart.
struct ReplySender: Sendable {
    let clientPort: UInt16

    /// `nil` when it left.
    func send(_ reply: PreparedReply) -> SocketError? {
        let endpoint = reply.endpoint
        switch reply.destination {
        case .relay(let relay, let usesSourcePort):
            return datagram(reply, to: relay, port: usesSourcePort ? reply.requestPort : DHCPMessage.serverPort)
        case .client(let client):
            return datagram(reply, to: client, port: clientPort)
        case .broadcast:
            return frame(reply, to: .broadcast, hardware: .broadcast, endpoint: endpoint)
        case .frame(let client, let hardware):
            return frame(reply, to: client, hardware: hardware, endpoint: endpoint)
        }
    }

    private func datagram(_ reply: PreparedReply, to destination: IPv4Address, port: UInt16) -> SocketError? {
        let outgoing = OutgoingDatagram(bytes: reply.bytes, source: reply.endpoint.address, destination: destination, port: port)
        return reply.endpoint.socket.send([outgoing]).first ?? nil
    }

    /// Broadcasts go out this way too: the kernel would choose the source address and the interface by its routes.
    private func frame(_ reply: PreparedReply, to destination: IPv4Address, hardware: HardwareAddress, endpoint: Endpoint) -> SocketError? {
        let packet = IPv4UDPPacket.encode(
            source: endpoint.address, port: endpoint.socket.localPort, destination: destination, port: clientPort, payload: reply.bytes)
        guard let packet else { return SocketError("send \(reply.bytes.count) bytes in a frame", code: 90) }  // EMSGSIZE
        return endpoint.packets.send([EthernetPacket(bytes: packet, hardwareAddress: hardware, interfaceIndex: endpoint.interfaceIndex)])
            .first ?? nil
    }
}
