import BootPolicy
import DHCPWire
import DatagramIO
import Primitives

/// A reply in bytes, and the way back to its client.
final class PreparedReply: Sendable {
    let type: DHCPMessageType?
    let bytes: [UInt8]
    let destination: DHCPMessage.Destination
    let endpoint: Endpoint
    /// Which of our addresses it leaves from.
    let source: IPv4Address
    /// Where the request came from: a relay may want its replies there (RFC 8357), and a client of ProxyDHCP does.
    let requestPort: UInt16
    /// To a relay, with others to it, where the document of the subnet lets them (`joinReplies`).
    let mayJoin: Bool

    init(
        type: DHCPMessageType?, bytes: [UInt8], destination: DHCPMessage.Destination, endpoint: Endpoint, source: IPv4Address,
        requestPort: UInt16, mayJoin: Bool
    ) {
        (self.type, self.bytes, self.destination) = (type, bytes, destination)
        (self.endpoint, self.source, self.requestPort, self.mayJoin) = (endpoint, source, requestPort, mayJoin)
    }

    /// For the few that the timeline tells of.
    var message: DHCPMessage? { try? DHCPMessage(packet: bytes) }
}

/// Puts replies on the wire. Used by both threads; the kernel keeps their datagrams apart.
struct ReplySender: Sendable {
    let clientPort: UInt16

    /// One result each, in order: `nil` where it left. What leaves by one socket leaves in one system call.
    func send(_ replies: [PreparedReply]) -> [SocketError?] {
        var results: [SocketError?] = []
        results.reserveCapacity(replies.count)
        var gathered: [OutgoingDatagram] = []
        gathered.reserveCapacity(replies.count)
        var socket: UDPSocket?
        func leave() {
            if let socket, !gathered.isEmpty { results += socket.send(gathered) }
            gathered.removeAll(keepingCapacity: true)
        }
        for reply in replies {
            let endpoint = reply.endpoint
            if socket?.descriptor !== endpoint.socket.descriptor { leave() }
            socket = endpoint.socket
            switch reply.destination {
            case .broadcast:
                leave()
                results.append(frame(reply, to: .broadcast, hardware: .broadcast, endpoint: endpoint))
            case .frame(let client, let hardware):
                leave()
                results.append(frame(reply, to: client, hardware: hardware, endpoint: endpoint))
            case .sender(let sender): gathered.append(datagram(reply, to: sender, port: reply.requestPort))
            case .relay(let relay, let usesSourcePort):
                gathered.append(datagram(reply, to: relay, port: usesSourcePort ? reply.requestPort : DHCPMessage.serverPort))
            case .client(let client): gathered.append(datagram(reply, to: client, port: clientPort))
            }
        }
        leave()
        return results
    }

    private func datagram(_ reply: PreparedReply, to destination: IPv4Address, port: UInt16) -> OutgoingDatagram {
        OutgoingDatagram(bytes: reply.bytes, source: reply.source, destination: destination, port: port, mayJoin: reply.mayJoin)
    }

    /// Broadcasts go out this way too: the kernel would choose the source address and the interface by its routes.
    private func frame(_ reply: PreparedReply, to destination: IPv4Address, hardware: HardwareAddress, endpoint: Endpoint) -> SocketError? {
        let packet = IPv4UDPPacket.encode(
            source: reply.source, port: endpoint.socket.localPort, destination: destination, port: clientPort, payload: reply.bytes)
        guard let packet else { return SocketError("send \(reply.bytes.count) bytes in a frame", code: 90) }  // EMSGSIZE
        return endpoint.packets.send([EthernetPacket(bytes: packet, hardwareAddress: hardware, interfaceIndex: endpoint.interfaceIndex)])
            .first ?? nil
    }
}
