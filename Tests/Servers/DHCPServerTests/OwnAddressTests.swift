import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import Primitives
import Testing

/// Two addresses on the interface that messages come by, in two subnets of one wire, and one on another interface.
@Suite("Which of our addresses is ours, and which a client is told") struct OwnAddressTests {
    static let first = IPv4Address(10, 0, 0, 1)
    static let second = IPv4Address(10, 1, 0, 1)
    static let elsewhere = IPv4Address(10, 9, 0, 1)
    static let stranger = IPv4Address(10, 0, 0, 66)
    static let arrival = Arrival(
        servers: ServerAddresses(identifier: first, httpPort: 8080), interfaceAddresses: [first, second], wasBroadcast: true)

    /// The wire's first subnet has no pool, so that clients get addresses of its second.
    private func responder(_ mode: SubnetPlan.Mode = .server) throws -> DHCPResponder {
        var plans = [try rackPlan(), try rackPlan("10.1.0.0/24"), try rackPlan("10.2.0.0/24")]
        for (index, name) in ["a", "b", "c"].enumerated() { (plans[index].name, plans[index].mode) = (name, mode) }
        plans[0].pools = []
        for index in 0..<2 { plans[index].sharedNetwork = "wire" }
        var responder = DHCPResponder(
            table: LeaseTable(), policy: ReplyPolicy(), ownAddresses: [Self.first, Self.second, Self.elsewhere])
        responder.serve(plans)
        return responder
    }

    private func reply(to message: DHCPMessage, _ responder: inout DHCPResponder, _ arrival: Arrival = arrival) throws -> DHCPMessage {
        let response = responder.respond(to: try CheckedRequest(message), arrival: arrival, now: 0)
        switch response {
        case .reply(let reply, _, _): return reply
        case .commit(let change, let reply?, _, _):
            responder.table.confirm(change)
            return reply
        default: throw response
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var type = DHCPMessageType.discover
        var relay: IPv4Address = .any
        var client: IPv4Address = .any
        var selection: IPv4Address?
        var mode = SubnetPlan.Mode.server
        var sender: IPv4Address?
        let expected: IPv4Address
    }

    static let rows = [
        Row(testDescription: "on the wire, in the second subnet", expected: second),
        Row(testDescription: "behind a relay of the second subnet", relay: IPv4Address(10, 1, 0, 9), expected: first),
        Row(testDescription: "in a subnet without an address of ours", selection: IPv4Address(10, 2, 0, 0), expected: first),
        Row(testDescription: "informs from the second subnet", type: .inform, client: IPv4Address(10, 1, 0, 70), expected: second),
        Row(testDescription: "informs from the first subnet", type: .inform, client: IPv4Address(10, 0, 0, 70), expected: first),
        Row(testDescription: "beside another server", mode: .proxy, expected: first),
        Row(
            testDescription: "beside another server, at ProxyDHCP's port, from the second subnet", type: .request, mode: .proxy,
            sender: IPv4Address(10, 1, 0, 70), expected: second),
    ]

    @Test("On our own link it is the one in the client's subnet, else the interface's first; identifier, next server and URL alike", arguments: rows)
    func told(_ row: Row) throws {
        for architecture in [UInt16(7), 16] {
            var responder = try responder(row.mode)
            var message = message(row.type, vendorClass: architecture == 7 ? "PXEClient" : "HTTPClient", architecture: architecture)
            (message.relayAddress, message.clientAddress) = (row.relay, row.client)
            message.subnetSelection = row.selection
            var arrival = Self.arrival
            arrival.proxySender = row.sender
            let reply = try reply(to: message, &responder, arrival)
            #expect(reply.serverIdentifier == row.expected)
            if architecture == 7 { #expect(reply.serverAddress == row.expected) }
            if architecture == 16 { #expect(reply.bootFileName == "http://\(row.expected):8080/boot-files/snponly.efi") }
        }
    }

    @Test("A renewal is answered by the one in the client's subnet; where TFTP is elsewhere, that stays")
    func renewal() throws {
        var responder = try responder()
        var arrival = Self.arrival
        arrival.servers = ServerAddresses(identifier: Self.first, tftp: IPv4Address(192, 0, 2, 9), httpPort: 8080)
        let offer = try reply(to: message(.discover, vendorClass: "PXEClient", architecture: 7), &responder, arrival)
        #expect(offer.serverIdentifier == Self.second && offer.serverAddress == IPv4Address(192, 0, 2, 9))
        var request = message(.request)
        (request.requestedAddress, request.serverIdentifier) = (offer.yourAddress, offer.serverIdentifier)
        #expect(try reply(to: request, &responder, arrival).messageType == .acknowledgement)
        var renewal = message(.request)
        renewal.clientAddress = offer.yourAddress
        arrival.wasBroadcast = false
        let renewed = try reply(to: renewal, &responder, arrival)
        #expect(renewed.messageType == .acknowledgement && renewed.serverIdentifier == Self.second)
    }

    @Test("Who chose another interface's address of ours chose us, and is answered as by that one", arguments: [first, second, elsewhere])
    func chosen(_ chosen: IPv4Address) throws {
        var responder = try responder()
        let offer = try reply(to: message(.discover), &responder)
        var request = message(.request, vendorClass: "HTTPClient", architecture: 16)
        (request.requestedAddress, request.serverIdentifier) = (offer.yourAddress, chosen)
        let granted = try reply(to: request, &responder)
        #expect(granted.messageType == .acknowledgement && granted.serverIdentifier == chosen)
        #expect(granted.bootFileName == "http://\(chosen):8080/boot-files/snponly.efi")
        var release = message(.release)
        (release.clientAddress, release.serverIdentifier) = (offer.yourAddress, Self.stranger)
        #expect(responder.respond(to: try CheckedRequest(release), arrival: Self.arrival, now: 1) == .ignore(.otherServerChosen))
        release.serverIdentifier = chosen
        guard case .commit(let change, nil, _, _) = responder.respond(to: try CheckedRequest(release), arrival: Self.arrival, now: 1) else {
            return try #require(Bool(false))
        }
        #expect(change.leases.map(\.state) == [.released])
    }

    @Test("Who chose another server is left alone, and what it was offered is free at once")
    func other() throws {
        var responder = try responder()
        let offer = try reply(to: message(.discover), &responder)
        var request = message(.request)
        (request.requestedAddress, request.serverIdentifier) = (IPv4Address(10, 0, 0, 200), Self.stranger)
        #expect(responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, now: 1) == .ignore(.otherServerChosen))
        #expect(responder.table.lease(at: offer.yourAddress) == nil)
    }
}
