import BootPolicy
import DHCPWire
import OperatorTypes
import Primitives

extension DHCPTraceEntry {
    init(_ packet: TracedPacket, interface: String) {
        self.init(
            sequence: packet.sequence, time: packet.time, interface: interface, peer: "\(packet.peer):\(packet.port)", decision: packet.decision,
            reason: packet.reason?.rawValue)
        guard let message = try? DHCPMessage(decoding: packet.bytes) else {
            fields = [Field("bytes", "\(packet.bytes.count)"), Field("beginning", Hexadecimal.encode(packet.bytes.prefix(32)))]
            return
        }
        type = message.messageType?.label
        hardwareAddress = message.hardwareAddress
        transactionID = String(message.transactionID, radix: 16)
        let addresses = [
            ("client address", message.clientAddress), ("your address", message.yourAddress), ("server address", message.serverAddress),
            ("relay address", message.relayAddress),
        ]
        fields = addresses.filter { !$0.1.isAny }.map { Field($0.0, $0.1.description) }
        if message.wantsBroadcast { fields.append(Field("flags", "broadcast")) }
        if !message.bootFile.isEmpty { fields.append(Field("file", Self.printable(message.bootFile))) }
        if !message.serverName.isEmpty { fields.append(Field("server name", Self.printable(message.serverName))) }
        if let client = BootClient(message), message.operation == .request { fields.append(Field("boots as", client.summary)) }
        for code in message.options.codes where code != .messageType {
            fields.append(Field(code.name, message.options.description(of: code)))
        }
    }

    private static func printable(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).printable(limit: 128) }
}
