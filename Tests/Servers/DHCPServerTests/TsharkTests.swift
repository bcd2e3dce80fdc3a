import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import Foundation
import Primitives
import TestSupport
import Testing

private let tshark = "/usr/bin/tshark"

/// Wireshark reads every kind of reply of ours, checksums and all, and finds nothing to say about it.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: tshark), "tshark is not installed"))
struct TsharkTests {
    private static let identifier = IPv4Address(10, 0, 0, 1)

    /// A reply of ours, and what was answered with it.
    private struct Reply {
        let name: String
        let message: DHCPMessage
        let bytes: [UInt8]
    }

    /// A subnet that says everything that a document can.
    private static func plan() throws -> SubnetPlan {
        var plan = try rackPlan(pool: 100)
        plan.nameServers = [IPv4Address(10, 0, 0, 53), IPv4Address(10, 0, 0, 54)]
        plan.timeServers = [IPv4Address(10, 0, 0, 1)]
        plan.domainName = "rack.example.net"
        plan.routes = [
            SubnetRoute(destination: try #require(IPv4Prefix("10.9.0.0/16")), router: IPv4Address(10, 0, 0, 2)),
            SubnetRoute(destination: try #require(IPv4Prefix("192.168.7.128/25")), router: .any),
        ]
        // Interface MTU, static domain search list (RFC 3397), posix time zone (RFC 4833).
        plan.options = [26: [0x23, 0x28], 119: [7] + Array("example".utf8) + [3] + Array("net".utf8) + [0], 100: Array("CET-1CEST".utf8)]
        return plan
    }

    private static func arrival(proxySender: IPv4Address? = nil) -> Arrival {
        Arrival(
            servers: ServerAddresses(identifier: identifier, httpPort: 8080), interfaceAddresses: [identifier], wasBroadcast: true,
            proxySender: proxySender)
    }

    private static func reply(_ name: String, to message: DHCPMessage, by responder: inout DHCPResponder, at port: Arrival? = nil) throws -> Reply? {
        let response = responder.respond(to: try CheckedRequest(message), arrival: port ?? arrival(), now: 0)
        let reply: DHCPMessage
        switch response {
        case .reply(let message, _, _): reply = message
        case .commit(_, let message?, _, _): reply = message
        case .commit, .ignore: return nil
        }
        return Reply(name: name, message: reply, bytes: try reply.encode(answering: message))
    }

    private static let everything: [DHCPOptionCode] = [
        .subnetMask, .router, .domainNameServer, .domainName, .broadcastAddress, .networkTimeServers, .classlessStaticRoutes, .interfaceMTU,
        DHCPOptionCode(119), DHCPOptionCode(100),
    ]

    private static func conversations(_ replies: inout [Reply]) throws {
        var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
        responder.serve([try plan()])
        for row in SnippetTests.rows {
            for isRelayed in [false, true] {
                var discover = try row.make()
                if isRelayed {
                    discover.relayAddress = IPv4Address(10, 0, 0, 2)
                    discover.options.set(.relayAgentInformation, to: [1, 4] + Array("eth0".utf8) + [2, 2, 0xab, 0xcd, 11, 4, 10, 0, 0, 2])
                    discover.options.set(.clientIdentifier, to: [1, 0x52, 0x54, 0, 0, 0, 7])
                    discover.parameterRequestList = everything
                }
                let kind = isRelayed ? "\(row.name) by a relay" : row.name
                guard let offer = try reply("offer to \(kind)", to: discover, by: &responder) else { continue }
                var request = discover
                request.messageType = .request
                (request.requestedAddress, request.serverIdentifier) = (offer.message.yourAddress, offer.message.serverIdentifier)
                var wrong = request
                wrong.requestedAddress = IPv4Address(10, 0, 0, 7)
                replies +=
                    [offer]
                    + [try reply("ack to \(kind)", to: request, by: &responder), try reply("nak to \(kind)", to: wrong, by: &responder)]
                    .compactMap(\.self)
            }
        }
        var inform = message(.inform)
        inform.clientAddress = IPv4Address(10, 0, 0, 40)
        replies += try [reply("ack to an inform", to: inform, by: &responder)].compactMap(\.self)
    }

    private static func proxied(_ replies: inout [Reply]) throws {
        var plan = try plan()
        plan.mode = .proxy
        var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
        responder.serve([plan])
        for row in SnippetTests.rows {
            let discover = try row.make()
            var request = discover
            request.messageType = .request
            request.clientAddress = IPv4Address(10, 0, 0, 40)
            replies += try [
                reply("ProxyDHCP offer to \(row.name)", to: discover, by: &responder),
                reply("ProxyDHCP ack to \(row.name)", to: request, by: &responder, at: arrival(proxySender: IPv4Address(10, 0, 0, 40))),
            ].compactMap(\.self)
        }
    }

    /// The classic capture format with raw IP packets (pcap-savefile(5), LINKTYPE_RAW 101).
    private static func capture(_ replies: [Reply]) throws -> Data {
        func word(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
        var file = word(0xa1b2_c3d4) + word(2 | 4 << 16) + word(0) + word(0) + word(65_535) + word(101)
        for (index, reply) in replies.enumerated() {
            let packet = try #require(
                IPv4UDPPacket.encode(source: identifier, port: 67, destination: .broadcast, port: 68, payload: reply.bytes))
            file += word(UInt32(index)) + word(0) + word(UInt32(packet.count)) + word(UInt32(packet.count)) + packet
        }
        return Data(file)
    }

    @Test("Every kind of reply is well-formed, and says what we think it says")
    func replies() throws {
        var replies: [Reply] = []
        try Self.conversations(&replies)
        try Self.proxied(&replies)
        let types = Dictionary(grouping: replies) { $0.message.messageType }
        #expect(types.mapValues(\.count).filter { $0.value >= 12 }.count == 3, "offers, acks and naks, a dozen of each at least")

        let directory = try TemporaryDirectory()
        let file = directory.path + "/replies.pcap"
        try Self.capture(replies).write(to: URL(filePath: file))
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: tshark)
        let fields = [
            "dhcp.option.dhcp", "dhcp.ip.your", "dhcp.option.dhcp_server_id", "dhcp.file", "dhcp.option.end", "udp.checksum.status",
            "ip.checksum.status",
            "_ws.malformed", "_ws.expert",
        ]
        process.arguments =
            ["-r", file, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields", "-E", "separator=|"]
            + fields.flatMap { ["-e", $0] }
        process.environment = ["HOME": directory.path, "PATH": "/usr/bin:/bin"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        try #require(lines.count == replies.count)
        for (line, reply) in zip(lines, replies) {
            let message = reply.message
            let expected = [
                message.messageType.map { "\($0.rawValue)" } ?? "", message.yourAddress.description, message.serverIdentifier?.description ?? "",
                String(decoding: message.bootFile, as: UTF8.self), "255",
                // 1 is good.
                "1", "1", "", "",
            ]
            #expect(line.split(separator: "|", omittingEmptySubsequences: false).map(String.init) == expected, "\(reply.name)")
        }
    }
}
