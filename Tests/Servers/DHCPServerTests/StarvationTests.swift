import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import Glibc
import OperatorTypes
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
        plan.isAuthoritative = true
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

    @Test("A stranger beyond the limit that speaks of an address it cannot have is told no: another may have that by now")
    func refused() throws {
        var responder = try responder(most: 1)
        let held = try #require(offered(try discover(&responder, 1)))
        var request = message(.request, from: nic(2))
        for (address, refusal) in [(held, DHCPRefusal.heldByAnother), (IPv4Address(192, 168, 3, 3), .addressOutsideSubnet)] {
            request.requestedAddress = address
            let response = responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, isKnown: false, now: 0)
            guard case .reply(let reply, _, let reason) = response else { throw response }
            #expect(reply.messageType == .negativeAcknowledgement && reason == refusal)
        }
        // What it could have is the limit's business.
        request.requestedAddress = IPv4Address(10, 0, 0, 110)
        #expect(responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, isKnown: false, now: 0) == .ignore(.unknownHostLimit))
        request.serverIdentifier = IPv4Address(10, 0, 0, 66)
        #expect(responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, isKnown: false, now: 0) == .ignore(.otherServerChosen))
        #expect(offered(try discover(&responder, 1)) == held)
    }

    @Test("One switch port's strangers take nothing from the next port's")
    func circuit() throws {
        var responder = try responder(perCircuit: 2)
        for number in 1...2 as ClosedRange<UInt64> { #expect(offered(try discover(&responder, number, port: 7)) != nil) }
        for number in 3...50 as ClosedRange<UInt64> { #expect(try discover(&responder, number, port: 7) == .ignore(.unknownHostLimit)) }
        #expect(offered(try discover(&responder, 51, port: 8)) != nil)
        #expect(offered(try discover(&responder, 52, port: 7, isKnown: true)) != nil)
    }

    @Test("A stranger that gives its address back makes room for the next, at its switch port as well", arguments: [nil, 7] as [UInt8?])
    func released(port: UInt8?) throws {
        var responder = try responder(most: 1, perCircuit: 1)
        let address = try #require(offered(try discover(&responder, 1, port: port)))
        var request = message(.request, from: nic(1))
        (request.requestedAddress, request.serverIdentifier) = (address, Self.identifier)
        if let port {
            request.relayAddress = IPv4Address(10, 0, 0, 3)
            request.options.set(.relayAgentInformation, to: [1, 1, port])
        }
        let granted = responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, isKnown: false, now: 0)
        guard case .commit(let lease, _, _, _) = granted else { throw granted }
        responder.table.confirm(lease)
        #expect(try discover(&responder, 2, port: port) == .ignore(.unknownHostLimit))
        // It goes past the relay, and has no option 82.
        var release = message(.release, from: nic(1))
        release.clientAddress = address
        let given = responder.respond(to: try CheckedRequest(release), arrival: Self.arrival, isKnown: false, now: 1)
        guard case .commit(let change, nil, _, _) = given else { throw given }
        responder.table.confirm(change)
        #expect(offered(try discover(&responder, 2, port: port, now: 2)) != nil)
        #expect(try discover(&responder, 3, port: port, now: 2) == .ignore(.unknownHostLimit))
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

    @Test(
        "Operators see how full a pool is, and the strangers of its subnet and of each switch port, as long as they have an address",
        .enabled(if: geteuid() == 0, "sockets bound to an interface need root"))
    func seen() async throws {
        var plan = try rackPlan()
        (plan.mostStrangers, plan.mostStrangersPerCircuit) = (9, 4)
        let directory = try TestDirectory([plan])
        directory.know(nic(4))
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: TestLeaseStore()) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            func pool(held: Int, declined: Int, strangers: Int) -> [String: AddressUse.Pool] {
                [
                    "rack": AddressUse.Pool(
                        addresses: 10, held: held, declined: declined, strangers: strangers, mostStrangers: 9, mostStrangersPerPort: 4)
                ]
            }
            #expect(try await server.orders.use().subnets == pool(held: 0, declined: 0, strangers: 0))
            var leases: [DHCPMessage] = []
            for (number, circuit) in [(1, 0x37), (2, 0x37), (3, 0x38), (4, 0x38)] as [(UInt64, UInt8)] {
                relay.circuit = circuit
                leases.append(try relay.lease(nic(number)))
            }
            var use = try await server.orders.use()
            #expect(use.subnets == pool(held: 4, declined: 0, strangers: 3))
            #expect(use.ports == [.init(circuit: "37", remote: nil, strangers: 2), .init(circuit: "38", remote: nil, strangers: 1)])

            relay.circuit = nil
            var release = message(.release, from: nic(1))
            release.clientAddress = leases[0].yourAddress
            try relay.send(release)
            var decline = message(.decline, from: nic(3))
            (decline.requestedAddress, decline.serverIdentifier) = (leases[2].yourAddress, leases[2].serverIdentifier)
            try relay.send(decline)
            // Comes behind both.
            _ = try relay.exchange(message(.discover, from: nic(2)))
            use = try await server.orders.use()
            #expect(use.subnets == pool(held: 2, declined: 1, strangers: 2))
            #expect(use.ports == [.init(circuit: "37", remote: nil, strangers: 1), .init(circuit: "38", remote: nil, strangers: 1)])
            #expect(server.statistics.snapshot.socketDrops == 0)
        }
    }
}
