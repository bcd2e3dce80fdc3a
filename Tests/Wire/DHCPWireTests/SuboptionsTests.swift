import DHCPWire
import Primitives
import Testing

@Suite("Options within options, and options with a format of their own")
struct SuboptionsTests {
    @Test("relay agent information, 0 and 255 being codes like others")
    func relayAgent() throws {
        let bytes: [UInt8] = [1, 2, 7, 8, 2, 1, 9, 5, 4, 10, 2, 0, 0, 11, 4, 10, 0, 0, 9, 10, 1, 0x80, 19, 0, 0, 1, 5, 255, 0]
        let information = try #require(RelayAgentInformation(decoding: bytes))
        #expect(information.circuitIdentifier == [7, 8])
        #expect(information.remoteIdentifier == [9])
        #expect(information.linkSelection == IPv4Address(10, 2, 0, 0))
        #expect(information.serverIdentifierOverride == IPv4Address(10, 0, 0, 9))
        #expect(information.clientSentUnicast)
        #expect(information.usesSourcePort)
        #expect(information.encoded == bytes)
    }

    @Test("every prefix that cuts a suboption is refused")
    func cut() {
        let bytes: [UInt8] = [1, 2, 7, 8, 5, 4, 10, 2, 0, 0]
        let whole = (0...bytes.count).filter { RelayAgentInformation(decoding: bytes.prefix($0)) != nil }
        #expect(whole == [0, 4, 10])
    }

    @Test("vendor options have pads and an end, and encode with one")
    func marked() throws {
        let suboptions = try #require(DHCPSuboptions(decoding: [0, 6, 1, 8, 0, 255, 9, 9], framing: .marked))
        #expect(suboptions.elements.count == 1)
        #expect(suboptions[6] == [8])
        #expect(suboptions.encode(framing: .marked) == [6, 1, 8, 255])
        var made = DHCPSuboptions()
        let (fits, tooLong) = (made.append(6, [8]), made.append(9, [UInt8](repeating: 0, count: 256)))
        #expect(fits && !tooLong)
        #expect(made == suboptions)
    }

    @Test(
        "classless routes encode as RFC 3442's table shows",
        arguments: [
            ("0.0.0.0/0", [0]), ("10.0.0.0/8", [8, 10]), ("10.17.0.0/16", [16, 10, 17]), ("10.27.129.0/24", [24, 10, 27, 129]),
            ("10.229.0.128/25", [25, 10, 229, 0, 128]), ("10.198.122.47/32", [32, 10, 198, 122, 47]),
        ] as [(String, [UInt8])])
    func routes(network: String, encoded: [UInt8]) throws {
        let router = IPv4Address(10, 0, 0, 1)
        let route = ClasslessStaticRoute(destination: try #require(IPv4Prefix(network)), router: router)
        var message = DHCPMessage(operation: .reply, transactionID: 1)
        message.classlessStaticRoutes = [route, route]
        #expect(message.options[.classlessStaticRoutes].map(Array.init) == encoded + router.bytes + encoded + router.bytes)
        #expect(message.classlessStaticRoutes == [route, route])
    }

    @Test(
        "routes with a bad length or a missing end are none",
        arguments: [[33, 1, 2, 3, 4, 5, 6, 7, 8, 9], [8, 10, 1, 2, 3], [255]] as [[UInt8]])
    func brokenRoutes(bytes: [UInt8]) {
        var message = DHCPMessage(operation: .reply, transactionID: 1)
        message.options.set(.classlessStaticRoutes, to: bytes)
        #expect(message.classlessStaticRoutes.isEmpty)
    }
}
