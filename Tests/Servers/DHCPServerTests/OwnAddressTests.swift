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
}
