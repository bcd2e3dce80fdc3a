import DHCPWire
import Primitives
import Testing

@Suite("A reply is laid out as firmware needs it")
struct EncodeTests {
    @Test("an offer to OVMF has exactly these bytes")
    func golden() throws {
        let request = try Fixture.message("ovmf-http4-uuid.DISCOVER")
        var offer = DHCPMessage(replyingTo: request, type: .offer, serverIdentifier: IPv4Address(10, 77, 0, 1), relay: request.relayAgentInformation)
        offer.yourAddress = IPv4Address(10, 77, 0, 100)
        offer.serverAddress = IPv4Address(10, 77, 0, 1)
        offer.subnetMask = IPv4Address(255, 255, 255, 0)
        offer.leaseTime = .seconds(600)
        offer.vendorClassIdentifier = "HTTPClient"
        offer.setBootFile("http://10.77.0.1/b.efi")
        let file = Array("http://10.77.0.1/b.efi".utf8)
        var expected: [UInt8] = [2, 1, 6, 0, 0xcd, 0x9d, 0x1c, 0xf8, 0, 0, 0x80, 0, 0, 0, 0, 0]
        expected += [10, 77, 0, 100, 10, 77, 0, 1, 0, 0, 0, 0]
        expected += [0x52, 0x54, 0, 0x77, 0, 0x28] + [UInt8](repeating: 0, count: 10 + 64)
        expected += file + [UInt8](repeating: 0, count: 128 - file.count)
        expected += [99, 130, 83, 99, 53, 1, 2, 97, 17, 0, 0x44, 0x33, 0x22, 0x11, 0x66, 0x55, 0x88, 0x77]
        expected += [0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0]
        // Option 54 was set before the repeated options.
        expected.replaceSubrange(243..<243, with: [54, 4, 10, 77, 0, 1])
        expected += [1, 4, 255, 255, 255, 0, 51, 4, 0, 0, 2, 88, 60, 10] + Array("HTTPClient".utf8)
        expected += [67, UInt8(file.count + 1)] + file + [0, 255]
        #expect(try offer.encode(maximumSize: request.replyCapacity()) == expected)
    }

    @Test("a small message is padded to 300 bytes")
    func padding() throws {
        var message = DHCPMessage(operation: .request, transactionID: 7)
        message.messageType = .discover
        let bytes = try message.encode(maximumSize: 300)
        #expect(bytes.count == 300)
        let options: [UInt8] = [53, 1, 1, 255] + [UInt8](repeating: 0, count: 56)
        #expect(Array(bytes[240...]) == options)
    }

    @Test(
        "option 82 stands last and unchanged, malformed or not",
        arguments: [[1, 3, 97, 98, 99, 5, 4, 10, 1, 0, 0], [1, 200]] as [[UInt8]])
    func relayOptionLast(value: [UInt8]) throws {
        let request = try DHCPMessage(
            decoding: packet(
                header: [24: [10, 1, 0, 1]], options: [82, UInt8(value.count)] + value + [53, 1, 1, 61, 2, 1, 9, 255]))
        var offer = DHCPMessage(replyingTo: request, type: .offer, serverIdentifier: IPv4Address(10, 0, 0, 1), relay: request.relayAgentInformation)
        offer.leaseTime = .seconds(1)
        let bytes = try offer.encode(maximumSize: 548)
        let end: [UInt8] = [51, 4, 0, 0, 0, 1, 82, UInt8(value.count)] + value + [255]
        #expect(bytes.indices.contains { bytes[$0...].starts(with: end) })
        #expect(offer.relayAddress == IPv4Address(10, 1, 0, 1))
        #expect(offer.clientIdentifier == [1, 9])
    }

    @Test("nothing is cut short: what does not fit is refused with its size")
    func tooLarge() throws {
        var message = DHCPMessage(operation: .reply, transactionID: 7)
        message.options.set(.vendorSpecificInformation, to: [UInt8](repeating: 1, count: 600))
        #expect(throws: DHCPEncodeError.tooLarge(size: 240 + 600 + 6 + 1, maximum: 846)) { try message.encode(maximumSize: 846) }
        #expect(try message.encode(maximumSize: 847).count == 847)
        #expect(throws: DHCPEncodeError.tooLarge(size: 847, maximum: -1)) { try message.encode(maximumSize: -1) }
        message.bootFile = [UInt8](repeating: 65, count: 129)
        #expect(throws: DHCPEncodeError.bootFileTooLong(129)) { try message.encode(maximumSize: 1472) }
        message.serverName = [UInt8](repeating: 65, count: 65)
        #expect(throws: DHCPEncodeError.serverNameTooLong(65)) { try message.encode(maximumSize: 1472) }
    }

    @Test("a boot file name too long for the header goes into option 67 alone", arguments: [127, 128, 400])
    func longBootFile(count: Int) throws {
        var message = DHCPMessage(operation: .reply, transactionID: 7)
        let name = String(repeating: "f", count: count)
        message.setBootFile(name, serverName: "10.0.0.1")
        #expect(message.bootFile.count == (count < 128 ? count : 0))
        #expect(message.serverName == Array("10.0.0.1".utf8))
        let decoded = try DHCPMessage(decoding: message.encode(maximumSize: 1472))
        #expect(decoded.bootFileName == name)
        #expect(decoded.bootServerName == "10.0.0.1")
        #expect(decoded.options[.bootFileName]?.last == 0)
        message.setBootFile("a", nulTerminated: false)
        #expect(message.options[.bootFileName] == [97])
        #expect(!message.options.contains(.tftpServerName))
    }
}
