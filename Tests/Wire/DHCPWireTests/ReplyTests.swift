import DHCPWire
import Primitives
import Testing

@Suite("Replies copy what they must and go where RFC 2131 section 4.1 says")
struct ReplyTests {
    static let relay = IPv4Address(10, 1, 0, 1)
    static let client = IPv4Address(10, 0, 0, 50)
    static let given = IPv4Address(10, 0, 0, 60)
    static let hardware = HardwareAddress(value: 0x5254_0012_3456)

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var relay = IPv4Address.any
        var client = IPv4Address.any
        var broadcast = false
        var type = DHCPMessageType.offer
        var given = ReplyTests.given
        var hardware: HardwareAddress? = ReplyTests.hardware
        var relayOption: [UInt8]?
        let expected: DHCPMessage.Destination
    }

    @Test(
        "the destination",
        arguments: [
            Row(testDescription: "a relay before all", relay: relay, client: client, expected: .relay(relay, usesSourcePort: false)),
            Row(
                testDescription: "a relay that wants its source port", relay: relay, relayOption: [19, 0],
                expected: .relay(relay, usesSourcePort: true)),
            Row(
                testDescription: "a NAK through a relay", relay: relay, type: .negativeAcknowledgement,
                expected: .relay(relay, usesSourcePort: false)),
            Row(testDescription: "a NAK on the link", client: client, type: .negativeAcknowledgement, expected: .broadcast),
            Row(testDescription: "a renewing client", client: client, type: .acknowledgement, expected: .client(client)),
            Row(testDescription: "a client that wants broadcast", broadcast: true, expected: .broadcast),
            Row(testDescription: "a client that takes unicast", expected: .frame(given, hardware)),
            Row(testDescription: "no address given", given: .any, expected: .broadcast),
            Row(testDescription: "no Ethernet address", hardware: nil, expected: .broadcast),
            Row(testDescription: "a group address claimed", hardware: HardwareAddress(value: 0x0100_5e00_0001), expected: .broadcast),
        ])
    func destination(row: Row) {
        var request = DHCPMessage(operation: .request, transactionID: 1)
        (request.relayAddress, request.clientAddress, request.wantsBroadcast) = (row.relay, row.client, row.broadcast)
        request.hardwareAddress = row.hardware
        if let option = row.relayOption { request.options.set(.relayAgentInformation, to: option) }
        var reply = DHCPMessage(replyingTo: request, type: row.type, serverIdentifier: IPv4Address(10, 0, 0, 1), relay: request.relayAgentInformation)
        if row.type != .negativeAcknowledgement { reply.yourAddress = row.given }
        #expect(reply.destination(answering: request, relay: request.relayAgentInformation) == row.expected)
    }

    @Test("transaction, flags, relay and hardware address are copied")
    func copies() throws {
        let request = try DHCPMessage(
            decoding: packet(
                header: [1: [32, 8], 4: [1, 2, 3, 4], 10: [0x80, 1], 12: [10, 0, 0, 9], 24: [10, 1, 0, 1], 28: Array(1...16)],
                options: [53, 1, 3, 118, 4, 10, 5, 0, 0, 61, 2, 1, 9, 12, 1, 97, 255]))
        let reply = DHCPMessage(
            replyingTo: request, type: .acknowledgement, serverIdentifier: IPv4Address(10, 0, 0, 1), repeatsClientIdentifier: false,
            relay: request.relayAgentInformation)
        #expect(reply.operation == .reply)
        #expect(reply.transactionID == 0x0102_0304)
        #expect(reply.flags == 0x8001)
        #expect(reply.hardwareType == 32)
        #expect(reply.hardwareAddress == nil)
        #expect(reply.hardwareAddressBytes == Array(1...8))
        #expect(reply.clientAddress == IPv4Address(10, 0, 0, 9))
        #expect(reply.options.codes == [.messageType, .serverIdentifier, .subnetSelection])
        let bytes = try reply.encode(maximumSize: 548)
        #expect(bytes[28..<44].elementsEqual(1...16), "bytes past hlen are copied too")
    }

    @Test("a NAK through a relay has the broadcast bit and next to no options")
    func negativeAcknowledgement() throws {
        var request = try Fixture.message("ipxe-bios-virtio.REQUEST")
        request.relayAddress = Self.relay
        let reply = DHCPMessage(
            replyingTo: request, type: .negativeAcknowledgement, serverIdentifier: IPv4Address(10, 0, 0, 1), relay: request.relayAgentInformation)
        #expect(reply.wantsBroadcast)
        #expect(reply.clientAddress.isAny)
        #expect(reply.options.codes == [.messageType, .serverIdentifier, .clientIdentifier])
    }

    @Test("a relay may say which server identifier to use (RFC 5107)")
    func serverIdentifierOverride() {
        var request = DHCPMessage(operation: .request, transactionID: 1)
        request.options.set(.relayAgentInformation, to: [11, 4, 10, 9, 9, 9])
        let reply = DHCPMessage(replyingTo: request, type: .offer, serverIdentifier: IPv4Address(10, 0, 0, 1), relay: request.relayAgentInformation)
        #expect(reply.serverIdentifier == IPv4Address(10, 9, 9, 9))
    }
}
