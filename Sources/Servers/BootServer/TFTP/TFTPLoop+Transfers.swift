import DatagramIO
import TFTPWire

extension TFTPLoop {
    func perform(_ action: TFTPReadTransfer.Action, _ transfer: TFTPTransfer) {
        switch action {
        case .send(let blocks):
            transfer.unsent = blocks.lowerBound..<blocks.upperBound + 1
            transfer.deadline = .max
            outlets[transfer.endpoint.outlet].enqueue(transfer)
        case .sendOptionAcknowledgement(let options):
            send(.optionAcknowledgement(options), for: transfer)
            keepTime(transfer)
        case .finished: sent(transfer, isAcknowledged: true)
        case .failed(.lastBlockUnacknowledged): sent(transfer, isAcknowledged: false)
        case .failed(.clientError(_, _, beforeFirstBlock: true)):
            // Firmware asks for the size this way, and then again for the file.
            context.counters.count("size-asked")
            end(transfer)
        case .failed(.clientError): fail(transfer, .abandoned)
        case .failed(.optionsUnacknowledged), .failed(.unacknowledged): fail(transfer, .noAnswer)
        case .ignore: break
        }
    }

    func send(_ packet: TFTPPacket, for transfer: TFTPTransfer) {
        let (client, port) = (transfer.endpoint.client, transfer.endpoint.port)
        let datagram = OutgoingDatagram(bytes: packet.encode(), source: transfer.source, destination: client, port: port)
        _ = outlets[transfer.endpoint.outlet].socket.send([datagram])
    }

    func fail(_ transfer: TFTPTransfer, _ refusal: TFTPRefusal) {
        context.counters.count(refusal.rawValue)
        let (name, bytes) = (transfer.name, transfer.state.byteRange(of: transfer.state.acknowledged).upperBound)
        context.record(
            "loader-aborted", detail: "\(name): \(refusal.rawValue) after \(bytes) of \(transfer.content.size) bytes",
            attributes: ["name": name, "reason": refusal.rawValue, "bytes": "\(bytes)", "address": "\(transfer.endpoint.client)"])
        end(transfer)
    }

    private func sent(_ transfer: TFTPTransfer, isAcknowledged: Bool) {
        let milliseconds = (now - transfer.began) / 1_000_000
        let (name, size) = (transfer.name, transfer.content.size)
        var attributes = [
            "name": name, "bytes": "\(size)", "milliseconds": "\(milliseconds)", "block-size": "\(transfer.state.blockSize)",
            "window-size": "\(transfer.state.windowSize)", "address": "\(transfer.endpoint.client)",
        ]
        if !isAcknowledged { attributes["acknowledged"] = "no" }
        context.counters.count("sent")
        context.record("loader-sent", detail: "\(name): \(size) bytes in \(milliseconds) ms", attributes: attributes)
        end(transfer)
    }

    private func end(_ transfer: TFTPTransfer) {
        table.end(transfer)
        if table.isCrowded { table.forget(transfer) } else { setAlarm(transfer, at: now + context.limits.lingering.nanoseconds) }
    }
}
