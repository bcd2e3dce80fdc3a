import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import DatagramIO
import Glibc
import Primitives
import Testing

/// Replies to a relay in one message. The relay of these tests has UDP_GRO on: it is handed a message as it was sent, not as it was cut.
@Suite(.enabled(if: geteuid() == 0, "sockets bound to an interface need root"))
struct JoinedReplyTests {
    /// Clients 0 and up to this; every fifth sends an identifier, and gets a longer reply.
    static let last: UInt64 = 20
    static func isLonger(_ number: UInt64) -> Bool { number % 5 == 0 }

    private static func send(_ message: DHCPMessage, of number: UInt64, by relay: LoopbackRelay) throws {
        var message = message
        if isLonger(number) { message.options.set(.clientIdentifier, to: [UInt8](repeating: 7, count: 9)) }
        try relay.send(message)
    }

    /// As many messages as were sent, each with the replies that were joined in it.
    private static func receive(_ count: Int, _ relay: LoopbackRelay, size: Int) throws -> [[DHCPMessage]] {
        let batch = DatagramBatch(capacity: 65_536)
        var messages: [[DHCPMessage]] = []
        while messages.reduce(0, { $0 + $1.count }) < count {
            try #require(try Readiness.wait(for: [relay.socket.descriptor], milliseconds: 5000) == [true], "\(messages.count) messages came")
            for datagram in try relay.socket.receive(into: batch) {
                let step = datagram.bytes.count % size == 0 ? size : datagram.bytes.count
                messages.append(
                    try stride(from: 0, to: datagram.bytes.count, by: step).map { try DHCPMessage(packet: Array(datagram.bytes[$0..<$0 + step])) })
            }
        }
        return messages
    }

    @Test(
        "Where the subnet says so, replies of one size to one relay leave together; each is whole, and a longer one goes alone",
        arguments: [true, false])
    func burst(joins: Bool) async throws {
        var plan = try rackPlan(pool: 50)
        plan.joinsReplies = joins
        let leases = try GatedLeaseStore()
        defer { leases.open() }
        try await withServer(LoopbackRelay.configuration, directory: TestDirectory([plan]), leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            var offers: [DHCPMessage] = []
            for number in 0...Self.last {
                try Self.send(message(.discover, from: nic(number)), of: number, by: relay)
                offers.append(try relay.receive())
            }
            var isOn: Int32 = 1
            #expect(setsockopt(relay.socket.descriptor.number, Int32(IPPROTO_UDP), 104, &isOn, 4) == 0)  // UDP_GRO
            // The first is being committed while the others come: they share the next commit, and leave it at once.
            for (number, offer) in zip(0...Self.last, offers) {
                try Self.send(relay.request(offer, from: nic(number)), of: number, by: relay)
                if number == 0 { try leases.waitUntilCommitting() }
            }
            let size = try offers[1].encode(maximumSize: 1472).count
            var tooLong = message(.discover, from: nic(99))
            tooLong.relayAddress = LoopbackRelay.address
            let name = [UInt8](repeating: 7, count: 250)
            tooLong.options.set(.relayAgentInformation, to: [5, 4, 10, 0, 0, 0, 19, 0, 1, 250] + name + [2, 250] + name)
            relay.send(bytes: try tooLong.encode(maximumSize: 1472))
            try relay.send(message(.discover, from: nic(98)))
            #expect(try Self.receive(1, relay, size: size).map { $0.map(\.hardwareAddress) } == [[nic(98)]])
            #expect(server.statistics.snapshot.refused == ["reply-too-large": 1])
            leases.open()
            let replies = try Self.receive(offers.count, relay, size: size)
            // One before the gate, then four and one in turn.
            #expect(replies.map(\.count) == (joins ? [1] + Array(repeating: [4, 1], count: 4).joined() : Array(repeating: 1, count: 21)))
            let all = replies.flatMap(\.self)
            #expect(all.allSatisfy { $0.messageType == .acknowledgement })
            #expect(all.map(\.hardwareAddress) == (0...Self.last).map(nic) && all.map(\.yourAddress) == offers.map(\.yourAddress))
            #expect(all.map { $0.clientIdentifier != nil } == (0...Self.last).map(Self.isLonger))
        }
    }

    @Test("The subnet is the client's: where a relay serves several, each says for itself whether its replies are joined")
    func subnets() throws {
        var (joined, plain) = (try rackPlan(), try rackPlan("10.7.0.0/24"))
        (joined.joinsReplies, plain.name) = (true, "plain")
        var responder = DHCPResponder(table: LeaseTable(), policy: .init())
        func mayJoin(link: [UInt8]?, relay: IPv4Address) throws -> Bool {
            var discover = message(.discover)
            discover.relayAddress = relay
            if let link { discover.options.set(.relayAgentInformation, to: [5, 4] + link) }
            return responder.mayJoinReplies(to: try CheckedRequest(discover))
        }
        responder.serve([plain])
        #expect(try !mayJoin(link: nil, relay: .init(10, 7, 0, 1)))
        responder.serve([plain, joined])
        #expect(try mayJoin(link: nil, relay: .init(10, 0, 0, 1)))
        #expect(try !mayJoin(link: nil, relay: .init(10, 7, 0, 1)))
        #expect(try mayJoin(link: [10, 0, 0, 0], relay: .init(10, 7, 0, 1)))
        #expect(try !mayJoin(link: nil, relay: .any))
        #expect(try !mayJoin(link: nil, relay: .init(10, 9, 0, 1)))
    }
}
