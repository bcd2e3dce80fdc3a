import DHCPWire
import Primitives
import Testing

@Suite("Options keep their order and bytes, whatever their length and place")
struct OptionsTests {
    @Test("unknown codes survive a round trip in order")
    func unknownCodes() throws {
        let options: [UInt8] = [53, 1, 1, 224, 3, 1, 2, 3, 150, 0, 254, 1, 9, 12, 1, 97, 255]
        let message = try DHCPMessage(decoding: packet(options: options))
        #expect(message.options.codes.map(\.rawValue) == [53, 224, 150, 254, 12])
        #expect(message.options[DHCPOptionCode(150)] == [])
        let encoded = try message.encode(maximumSize: 548)
        #expect(encoded.count == 300)
        #expect(Array(encoded[240...].prefix(options.count)) == options)
        #expect(try DHCPMessage(decoding: encoded) == message)
    }

    @Test("a long option is split at 255 bytes and joined again (RFC 3396)", arguments: [0, 1, 254, 255, 256, 510, 511, 1000])
    func longOptions(count: Int) throws {
        var message = DHCPMessage(operation: .reply, transactionID: 1)
        let bytes = (0..<count).map { UInt8($0 % 253) }
        message.options.set(.vendorSpecificInformation, to: bytes)
        message.messageType = .offer
        let encoded = try message.encode(maximumSize: 2000)
        #expect(encoded[240..<243] == [53, 1, 2], "the message type leads")
        let decoded = try DHCPMessage(decoding: encoded)
        #expect(decoded.options[.vendorSpecificInformation].map(Array.init) == bytes)
        #expect(encoded.filter { $0 == 255 }.count == 1 + (count / 255), "only length bytes and the end mark are 255")
    }

    @Test("pieces that do not follow one another are joined in wire order")
    func interleaved() throws {
        let message = try DHCPMessage(decoding: packet(options: [12, 2, 97, 98, 53, 1, 3, 12, 1, 99, 15, 1, 120, 12, 1, 100, 255]))
        #expect(message.hostName == "abcd")
        #expect(message.options.codes == [.hostName, .messageType, .domainName])
        #expect(message.domainName == "x")
    }

    @Test(
        "overload reads file, then sname, and keeps them from being taken for names",
        arguments: [
            (UInt8(1), "opt-file", "name", ""), (2, "opt-sname", "", "boot"), (3, "opt-filesname", "", ""),
        ])
    func overload(value: UInt8, host: String, serverName: String, bootFile: String) throws {
        func field(_ text: String) -> [UInt8] { [12, UInt8(text.utf8.count)] + Array(text.utf8) + [255] }
        let bytes = packet(
            header: [
                44: value & 2 != 0 ? field("sname") : Array("name".utf8),
                108: value & 1 != 0 ? field("file") : Array("boot".utf8),
            ],
            options: [53, 1, 1, 52, 1, value] + field("opt-"))
        let message = try DHCPMessage(decoding: bytes)
        #expect(message.hostName == host)
        #expect(message.serverName == Array(serverName.utf8))
        #expect(message.bootFile == Array(bootFile.utf8))
        #expect(!message.options.contains(.overload))
    }

    @Test("an overload that means nothing is refused", arguments: [[0], [4], [255], [], [1, 2]] as [[UInt8]])
    func invalidOverload(value: [UInt8]) {
        #expect(throws: DHCPDecodeError.invalidOverload(value)) {
            try DHCPMessage(decoding: packet(options: [52, UInt8(value.count)] + value + [255]))
        }
    }

    @Test("an option may not straddle from file into what follows it")
    func straddling() {
        let file = [UInt8](repeating: 0, count: 126) + [12, 5]
        let error = DHCPDecodeError.truncatedOption(.hostName, field: "file", offset: 234, needed: 5, remaining: 0)
        #expect(throws: error) { try DHCPMessage(decoding: packet(header: [108: file], options: [52, 1, 1, 255])) }
    }

    @Test("setting replaces in place, removes, and ignores the marks")
    func setting() {
        var options = DHCPOptions()
        options.set(.hostName, to: "a")
        options.set(.leaseTime, to: UInt32(60))
        options.set(.hostName, to: "bc", nulTerminated: true)
        options.set(.pad, to: [1])
        options.set(.end, to: [1])
        #expect(options.codes == [.hostName, .leaseTime])
        #expect(options[.hostName] == [98, 99, 0])
        #expect(options.text(.hostName) == "bc")
        options[.leaseTime] = nil
        var other = DHCPOptions()
        other[.hostName] = [98, 99, 0]
        #expect(options == other)
        #expect(options.hashValue == other.hashValue)
        other.set(.domainName, to: "x")
        #expect(options != other)
    }

    @Test("values of the wrong length read as absent", arguments: [0, 1, 2, 3, 5, 17] as [UInt8])
    func wrongLengths(count: UInt8) throws {
        let value = [UInt8](repeating: 7, count: Int(count))
        let codes: [UInt8] = [50, 51, 54, 57, 58, 59, 94, 97, 118]
        let message = try DHCPMessage(decoding: packet(options: codes.flatMap { [$0, count] + value }))
        #expect(message.requestedAddress == nil && message.serverIdentifier == nil && message.subnetSelection == nil)
        #expect(message.leaseTime == nil && message.renewalTime == nil && message.rebindingTime == nil)
        #expect((message.maximumMessageSize == nil) == (count != 2))
        #expect((message.clientNetworkInterface == nil) == (count != 3))
        #expect(message.clientMachineIdentifier == nil, "type 7 is not type 0")
    }

    @Test("typed values come back as they were set")
    func typedValues() throws {
        var message = DHCPMessage(operation: .reply, transactionID: 0xdead_beef)
        message.leaseTime = .seconds(3600)
        message.renewalTime = .milliseconds(1999)
        message.rebindingTime = .seconds(Int64.max)
        message.subnetMask = IPv4Address(255, 255, 255, 0)
        message.routers = [IPv4Address(10, 0, 0, 1)]
        message.domainNameServers = [IPv4Address(10, 0, 0, 2), IPv4Address(10, 0, 0, 3)]
        message.interfaceMTU = 9000
        message.clientArchitectures = [.x64UEFI, .efiByteCode]
        let uuid = UniversalUniqueIdentifier("11223344-5566-7788-99aa-bbccddeeff00")
        message.clientMachineIdentifier = uuid
        message.parameterRequestList = [.subnetMask, .router]
        let decoded = try DHCPMessage(decoding: message.encode(maximumSize: 548))
        #expect(decoded == message)
        #expect(decoded.leaseTime == .seconds(3600))
        #expect(decoded.renewalTime == .seconds(1))
        #expect(decoded.rebindingTime == DHCPDuration.infinite)
        #expect(decoded.domainNameServers.map(\.description) == ["10.0.0.2", "10.0.0.3"])
        #expect(decoded.interfaceMTU == 9000)
        #expect(decoded.clientArchitectures == [.x64UEFI, .efiByteCode])
        #expect(decoded.clientMachineIdentifier == uuid)
        #expect(decoded.parameterRequestList == [.subnetMask, .router])
        message.routers = []
        #expect(!message.options.contains(.router))
    }
}
