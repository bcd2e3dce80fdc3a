import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import Primitives
import Testing

/// A machine that invents hardware addresses, at a pool of 20.
@Suite struct StarvationTests {
    private static let identifier = IPv4Address(10, 0, 0, 1)
    private static let arrival = Arrival(
        servers: ServerAddresses(identifier: identifier, httpPort: 8080), interfaceAddresses: [identifier], wasBroadcast: true)

    private func responder(most: Int? = nil, perCircuit: Int? = nil) throws -> DHCPResponder {
        var plan = try rackPlan(pool: 20)
        (plan.mostStrangers, plan.mostStrangersPerCircuit) = (most, perCircuit)
        var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
        responder.serve([plan])
        return responder
    }

    private func discover(
        _ responder: inout DHCPResponder, _ number: UInt64, port: UInt8? = nil, isKnown: Bool = false, now: Int64 = 0
    ) throws -> Response {
        var discover = message(.discover, from: nic(number))
        if let port {
            discover.relayAddress = IPv4Address(10, 0, 0, 3)
            discover.options.set(.relayAgentInformation, to: [1, 1, port])
        }
        return responder.respond(to: try CheckedRequest(discover), arrival: Self.arrival, isKnown: isKnown, now: now)
    }

    private func offered(_ response: Response) -> IPv4Address? {
        guard case .reply(let offer, _, _) = response else { return nil }
        return offer.yourAddress
    }

    @Test("Strangers get so many addresses of a subnet, by name no more, and known hosts the rest; a stranger that has one keeps it")
    func subnet() throws {
        var responder = try responder(most: 15)
        let first = offered(try discover(&responder, 1))
        for number in 2...15 as ClosedRange<UInt64> { #expect(offered(try discover(&responder, number)) != nil) }
        for number in 16...200 as ClosedRange<UInt64> { #expect(try discover(&responder, number) == .ignore(.unknownHostLimit)) }
        #expect(try first != nil && offered(discover(&responder, 1)) == first)
        for number in 301...305 as ClosedRange<UInt64> { #expect(offered(try discover(&responder, number, isKnown: true)) != nil) }
    }

    @Test("A stranger cannot skip the DISCOVER either")
    func request() throws {
        var responder = try responder(most: 1)
        #expect(offered(try discover(&responder, 1)) != nil)
        var request = message(.request, from: nic(2))
        (request.requestedAddress, request.serverIdentifier) = (IPv4Address(10, 0, 0, 110), Self.identifier)
        let response = responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, isKnown: false, now: 0)
        #expect(response == .ignore(.unknownHostLimit))
    }

    @Test("One switch port's strangers take nothing from the next port's")
    func circuit() throws {
        var responder = try responder(perCircuit: 2)
        for number in 1...2 as ClosedRange<UInt64> { #expect(offered(try discover(&responder, number, port: 7)) != nil) }
        for number in 3...50 as ClosedRange<UInt64> { #expect(try discover(&responder, number, port: 7) == .ignore(.unknownHostLimit)) }
        #expect(offered(try discover(&responder, 51, port: 8)) != nil)
        #expect(offered(try discover(&responder, 52, port: 7, isKnown: true)) != nil)
    }

    @Test("When the time of a stranger's address is over, the next may have one")
    func ended() throws {
        var responder = try responder(most: 2)
        for number in 1...2 as ClosedRange<UInt64> { #expect(offered(try discover(&responder, number)) != nil) }
        #expect(try discover(&responder, 3, now: 59) == .ignore(.unknownHostLimit))
        responder.table.expireOffers(at: 61)
        #expect(offered(try discover(&responder, 3, now: 61)) != nil)
        #expect(offered(try discover(&responder, 4, now: 61)) != nil)
        #expect(try discover(&responder, 5, now: 61) == .ignore(.unknownHostLimit))
    }
}
