import TFTPWire

/// For tests in which no time passes.
extension TFTPReadTransfer {
    mutating func start() -> Action { start(at: 0) }
    mutating func receive(_ packet: TFTPPacket) -> Action { receive(packet, at: 0) }
    mutating func timeout() -> Action { timeout(at: 0) }
}
