import DatagramIO
import Primitives
import TFTPWire

extension TFTPLoop {
    private var isSinglePort: Bool { listeners == outlets.count }

    func take(_ datagram: DatagramView, at outlet: Int) {
        let endpoint = TFTPEndpoint(client: datagram.source, port: datagram.port, outlet: outlet)
        let transfer = table[endpoint]
        if let transfer, let block = TFTPPacket.acknowledgedBlock(in: datagram.bytes) {
            if !transfer.isDone { perform(transfer.state.receiveAcknowledgement(of: block, at: now), transfer) }
            return
        }
        let packet: TFTPPacket
        do throws(TFTPDecodeError) {
            packet = try TFTPPacket(decoding: datagram.bytes)
        } catch {
            // No answer: the sender may be forged, and an ERROR to an ERROR never ends.
            return context.refused(.malformed, name: nil, client: datagram.source)
        }
        if outlet < listeners {
            switch packet {
            case .readRequest(let request): return read(request, datagram, at: outlet)
            case .writeRequest(let request): return refuse(.writeRefused, request, datagram, at: outlet)
            case .data, .acknowledgement, .error, .optionAcknowledgement: break
            }
        }
        if let transfer {
            if !transfer.isDone { perform(transfer.state.receive(packet, at: now), transfer) }
        } else if outlet < listeners {
            context.refused(.unexpectedPacket, name: nil, client: datagram.source)
        } else {
            // RFC 1350 section 4: tell the stranger.
            context.counters.count(TFTPRefusal.unknownTransferID.rawValue)
            if case .error = packet { return }
            answer(.error(.unknownTransferID, message: TFTPRefusal.unknownTransferID.rawValue), datagram, at: outlet)
        }
    }

    private func read(_ request: TFTPRequest, _ datagram: DatagramView, at outlet: Int) {
        let (client, source) = (datagram.source, Self.source(for: datagram))
        let own = endpoints(client, datagram.port, asked: outlet)
        for transfer in own.compactMap({ table[$0] }) where !transfer.isDone {
            // The same request again: the transfer's own timeout answers it.
            if transfer.request == request, transfer.source == source { return context.counters.count("duplicate-request") }
            // On a single port nothing tells two transfers of one client apart: it has done with the first.
            if isSinglePort { perform(transfer.state.receive(.error(.undefined, message: ""), at: now), transfer) }
        }
        if let refusal = isStopping ? .stopped : table.refusal(for: client) { return refuse(refusal, request, datagram, at: outlet) }
        guard let endpoint = own.first(where: { table[$0] == nil }) ?? own.first(where: { table[$0]?.isDone == true }) else {
            return refuse(.noSocket, request, datagram, at: outlet)
        }
        do throws(TFTPRefusal) {
            let content = try context.content(for: request, in: &mapped)
            let limits = context.limits.transfer.fitting(pathMTU: UDPSocket.pathMTU(to: client) ?? 1500)
            let transfer = TFTPTransfer(endpoint, request: request, content: content, source: source, limits: limits, now: now)
            turn &+= 1
            table.insert(transfer)
            perform(transfer.state.start(at: now), transfer)
        } catch {
            refuse(error, request, datagram, at: outlet)
        }
    }

    /// What a new transfer of this client can have, in the order of preference: each has another socket than the one before, so that packets of one
    /// are not taken for the other's.
    private func endpoints(_ client: IPv4Address, _ port: UInt16, asked outlet: Int) -> [TFTPEndpoint] {
        guard !isSinglePort else { return [TFTPEndpoint(client: client, port: port, outlet: outlet)] }
        let count = outlets.count - listeners
        return (0..<count).map { TFTPEndpoint(client: client, port: port, outlet: listeners + (turn &+ $0) % count) }
    }

    /// Behind 0.0.0.0 the answer must come from the address that was asked.
    private static func source(for datagram: DatagramView) -> IPv4Address { datagram.destination == .broadcast ? .any : datagram.destination }

    private func refuse(_ refusal: TFTPRefusal, _ request: TFTPRequest, _ datagram: DatagramView, at outlet: Int) {
        context.refused(refusal, name: TFTPContext.printable(request.fileName), client: datagram.source)
        answer(.error(refusal.code, message: refusal.rawValue), datagram, at: outlet)
    }

    private func answer(_ packet: TFTPPacket, _ datagram: DatagramView, at outlet: Int) {
        let answer = OutgoingDatagram(
            bytes: packet.encode(), source: Self.source(for: datagram), destination: datagram.source, port: datagram.port)
        // What does not leave is lost like a packet on the way: the client asks again.
        _ = outlets[outlet].socket.send([answer])
    }
}
