import FuzzDriver
import TFTPWire

/// The codec must be stable; then the input, cut into four-byte pieces, is what a transfer's client sends.
fuzz { bytes in
    guard let packet = try? TFTPPacket(decoding: bytes) else { return }
    precondition((try? TFTPPacket(decoding: packet.encode())) == packet, "encoding is not stable")
    guard case .readRequest(let request) = packet else { return }
    _ = try? TFTPRequestPath(request.fileName)
    var transfer = TFTPReadTransfer(request: request, fileSize: bytes.count * 997, limits: .init())
    _ = transfer.start(at: 0)
    // Times that run backwards and forwards at will.
    for piece in stride(from: 0, to: bytes.count, by: 4) {
        let time = Int64(bytes[piece]) << (Int64(bytes[piece]) & 31) - 1
        let action =
            (try? TFTPPacket(decoding: bytes[piece..<min(bytes.count, piece + 4)])).map { transfer.receive($0, at: time) }
            ?? transfer.timeout(at: time)
        guard case .send(let blocks) = action else { continue }
        precondition(transfer.timeoutInterval > 0, "no wait")
        precondition(blocks.upperBound <= transfer.lastBlock && blocks.count <= transfer.windowSize, "outside the window")
    }
}
