import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import Primitives
import Testing

@Suite struct DHCPResponderTests {
    static let identifier = IPv4Address(10, 0, 0, 1)
    static let arrival = Arrival(
        servers: ServerAddresses(identifier: identifier, httpPort: 8080), interfaceAddresses: [identifier, IPv4Address(10, 0, 0, 2)],
        wasBroadcast: true)

    private func responder(pool: UInt32 = 10) throws -> DHCPResponder {
        var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
        responder.serve([try rackPlan(pool: pool)])
        return responder
    }

    /// DISCOVER and REQUEST; the store takes it.
    private func lease(_ responder: inout DHCPResponder, to hardwareAddress: HardwareAddress = nic(1), now: Int64 = 0) throws -> IPv4Address {
        let offered = responder.respond(to: try CheckedRequest(message(.discover, from: hardwareAddress)), arrival: Self.arrival, now: now)
        guard case .reply(let offer, _, _) = offered else { throw offered }
        var request = message(.request, from: hardwareAddress)
        request.requestedAddress = offer.yourAddress
        request.serverIdentifier = offer.serverIdentifier
        let granted = responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, now: now)
        guard case .commit(let change, let acknowledgement?, _, _) = granted else { throw granted }
        #expect(acknowledgement.messageType == .acknowledgement && acknowledgement.yourAddress == offer.yourAddress)
        responder.table.confirm(change)
        return offer.yourAddress
    }

    @Test(
        "A client renews by unicast, rebinds by broadcast and comes back after a restart",
        arguments: ["renewing", "rebinding", "rebooting"])
    func again(state: String) throws {
        var responder = try responder()
        let address = try lease(&responder)
        var request = message(.request)
        if state == "rebooting" { request.requestedAddress = address } else { request.clientAddress = address }
        var arrival = Self.arrival
        arrival.wasBroadcast = state != "renewing"
        let response = responder.respond(to: try CheckedRequest(request), arrival: arrival, now: 100)
        guard case .commit(let change, let reply?, let destination, nil) = response else { throw response }
        #expect(change.leases.map(\.expires) == [3700] && reply.yourAddress == address)
        #expect(destination == (state == "rebooting" ? .frame(address, nic(1)) : .client(address)))
    }

    @Test("Where one subnet of a wire is full, its neighbour gives the address, and the same client comes back to what it has")
    func sharedNetwork() throws {
        var plans = [try rackPlan(pool: 1), try rackPlan("10.1.0.0/24", pool: 1)]
        for index in plans.indices { (plans[index].name, plans[index].sharedNetwork) = ("s\(index)", "wire") }
        plans[1].reservations = [nic(9): IPv4Address(10, 1, 0, 50)]
        var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
        responder.serve(plans)
        #expect(try lease(&responder, to: nic(1)) == IPv4Address(10, 0, 0, 100))
        #expect(try lease(&responder, to: nic(2)) == IPv4Address(10, 1, 0, 100))
        #expect(try lease(&responder, to: nic(9)) == IPv4Address(10, 1, 0, 50), "a reservation goes before a free address")
        #expect(try lease(&responder, to: nic(2)) == IPv4Address(10, 1, 0, 100))
        let response = responder.respond(to: try CheckedRequest(message(.discover, from: nic(3))), arrival: Self.arrival, now: 0)
        #expect(response == .ignore(.poolExhausted))
        // Each address comes with its own subnet's router.
        let again = responder.respond(to: try CheckedRequest(message(.discover, from: nic(2))), arrival: Self.arrival, now: 0)
        guard case .reply(let offer, _, _) = again else { throw again }
        #expect(offer.routers == [IPv4Address(10, 1, 0, 1)])
    }

    @Test("Where unknown hosts are ignored, only hosts with a document are answered, and anybody may give an address back")
    func unknownHosts() throws {
        var responder = try responder()
        let address = try lease(&responder)
        var plan = try rackPlan(pool: 10)
        plan.ignoresUnknownHosts = true
        responder.serve([plan])
        for type in [DHCPMessageType.discover, .request, .inform] {
            var asked = message(type)
            asked.clientAddress = type == .discover ? .any : address
            let request = try CheckedRequest(asked)
            #expect(responder.respond(to: request, arrival: Self.arrival, isKnown: false, now: 1) == .ignore(.unknownHost), "\(type)")
            #expect(responder.respond(to: request, arrival: Self.arrival, isKnown: true, now: 1) != .ignore(.unknownHost), "\(type)")
        }
        var release = message(.release)
        release.clientAddress = address
        #expect(try responder.respond(to: CheckedRequest(release), arrival: Self.arrival, isKnown: false, now: 1) != .ignore(.unknownHost))
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        var type = DHCPMessageType.request
        var client: IPv4Address = .any
        var requested: IPv4Address?
        var server: IPv4Address?
        /// A DHCPNAK when true, silence when false.
        var nak = false
        let refusal: DHCPRefusal
        var testDescription: String { name }
    }

    static let held = IPv4Address(10, 0, 0, 100)
    static let other = IPv4Address(192, 168, 3, 3)
    static let rows = [
        Row(name: "took another server's offer", requested: held, server: other, refusal: .otherServerChosen),
        Row(name: "names no address", refusal: .noAddressNamed),
        Row(name: "selects nothing", server: identifier, refusal: .noAddressNamed),
        Row(name: "selects another's lease", requested: held, server: identifier, nak: true, refusal: .heldByAnother),
        Row(name: "another network after a restart", requested: other, nak: true, refusal: .addressOutsideSubnet),
        Row(name: "rebinds on the wrong network", client: other, nak: true, refusal: .addressOutsideSubnet),
        Row(name: "the router's address", requested: identifier, nak: true, refusal: .addressNotInPool),
        Row(name: "a lease we never gave", client: .init(10, 0, 0, 105), nak: true, refusal: .leaseUnknown),
        Row(name: "a quarantined address", requested: .init(10, 0, 0, 101), server: identifier, nak: true, refusal: .quarantined),
        Row(name: "reserved for another", requested: .init(10, 0, 0, 60), server: identifier, nak: true, refusal: .reservedForAnother),
        Row(name: "releases nothing", type: .release, refusal: .noAddressNamed),
        Row(name: "releases another's lease", type: .release, client: held, refusal: .heldByAnother),
        Row(name: "releases what it has not", type: .release, client: .init(10, 0, 0, 105), refusal: .leaseUnknown),
        Row(name: "releases another server's lease", type: .release, client: held, server: other, refusal: .otherServerChosen),
        Row(name: "declines nothing", type: .decline, refusal: .noAddressNamed),
        Row(name: "declines another's lease", type: .decline, requested: held, refusal: .heldByAnother),
        Row(name: "declines another server's offer", type: .decline, requested: held, server: other, refusal: .otherServerChosen),
        Row(name: "informs of no address", type: .inform, refusal: .noAddressNamed),
        Row(name: "informs of a stranger's address", type: .inform, client: other, refusal: .noSubnet),
    ]

    @Test("Each wrong message is refused by name", arguments: rows)
    func refused(_ row: Row) throws {
        var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
        var plan = try rackPlan()
        plan.reservations = [nic(9): .init(10, 0, 0, 60)]
        plan.isAuthoritative = true
        responder.serve([plan])
        #expect(try lease(&responder) == Self.held)
        let declined = try lease(&responder, to: nic(3))
        responder.table.confirm(try responder.table.decline(declined, by: LeaseClient(hardwareAddress: nic(3)), now: 0))
        var request = message(row.type, from: nic(2))
        (request.clientAddress, request.requestedAddress, request.serverIdentifier) = (row.client, row.requested, row.server)
        switch responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, now: 1) {
        case .ignore(let reason): #expect(reason == row.refusal && !row.nak)
        case .reply(let reply, let destination, let refusal):
            #expect(reply.messageType == .negativeAcknowledgement && refusal == row.refusal && row.nak && destination == .broadcast)
        case .commit(let change, _, _, _): Issue.record("granted \(change)")
        }
    }

    struct Claim: CustomTestStringConvertible, Sendable {
        let name: String
        let address: IPv4Address
        var selects = false
        /// Whether it is told no: by an authoritative server, by one that is not, and by that one where the client once had an address of it.
        let naks: [Bool]
        var testDescription: String { name }
    }

    static let claims = [
        Claim(name: "an address of our pool that we did not give", address: .init(10, 0, 0, 105), naks: [true, false, true]),
        Claim(name: "an address of this network outside of our pools", address: .init(10, 0, 0, 250), naks: [true, false, true]),
        Claim(name: "an address of another network", address: other, naks: [true, false, true]),
        Claim(name: "an address that is another's by our records", address: held, naks: [true, true, true]),
        Claim(name: "an address of another network, chosen from our offer", address: other, selects: true, naks: [true, true, true]),
    ]

    @Test("A client that speaks of an address which may be another server's is told no where we are authoritative or know it", arguments: claims)
    func authority(_ claim: Claim) throws {
        for (nak, (isAuthoritative, hadAddress)) in zip(claim.naks, [(true, false), (false, false), (false, true)]) {
            for state in claim.selects ? ["selecting"] : ["renewing", "rebinding", "rebooting"] {
                var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
                var plan = try rackPlan()
                plan.isAuthoritative = isAuthoritative
                responder.serve([plan])
                #expect(try lease(&responder, to: nic(1)) == Self.held)
                if hadAddress { _ = try lease(&responder, to: nic(2)) }
                var request = message(.request, from: nic(2))
                if claim.selects { request.serverIdentifier = Self.identifier }
                if ["selecting", "rebooting"].contains(state) {
                    request.requestedAddress = claim.address
                } else {
                    request.clientAddress = claim.address
                }
                switch responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, now: 100) {
                case .reply(let reply, _, _): #expect(nak && reply.messageType == .negativeAcknowledgement, "\(state), had an address: \(hadAddress)")
                case .ignore(let reason): #expect(!nak && reason != .noSubnet, "\(state), had an address: \(hadAddress)")
                case .commit(let change, _, _, _): Issue.record("granted \(change)")
                }
            }
        }
    }

    @Test(
        "A client that chose another server is not told no by ours, whatever it had or was offered here", arguments: ["offered", "ended", "returned"])
    func choseAnother(before: String) throws {
        var responder = try responder()
        var now: Int64 = 100
        func respond(_ type: DHCPMessageType, _ change: (inout DHCPMessage) -> Void) throws -> Response {
            var request = message(type, from: nic(2))
            change(&request)
            return responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, now: now)
        }
        if before == "offered" {
            _ = try respond(.discover) { _ in }
        } else {
            let address = try lease(&responder, to: nic(2))
            if before == "returned" { _ = try respond(.release) { $0.clientAddress = address } } else { now = 100_000 }
        }
        let theirs = IPv4Address(10, 0, 0, 109)
        let chosen = try respond(.request) {
            $0.serverIdentifier = IPv4Address(10, 0, 0, 9)
            $0.requestedAddress = theirs
        }
        #expect(chosen == .ignore(.otherServerChosen))
        #expect(try respond(.request) { $0.requestedAddress = theirs } == .ignore(.leaseUnknown))
        #expect(try respond(.request) { $0.clientAddress = theirs } == .ignore(.leaseUnknown))
    }

    @Test("A DHCPINFORM that comes through a relay is answered there, though its client leaves its address out")
    func relayedInform() throws {
        var responder = try responder()
        var inform = message(.inform)
        inform.relayAddress = IPv4Address(10, 0, 0, 3)
        let response = responder.respond(to: try CheckedRequest(inform), arrival: Self.arrival, now: 0)
        guard case .reply(let reply, let destination, nil) = response else { throw response }
        #expect(reply.messageType == .acknowledgement && reply.yourAddress.isAny && reply.leaseTime == nil)
        #expect(destination == .relay(IPv4Address(10, 0, 0, 3), usesSourcePort: false))
        // A relay on a network that is not ours is nobody's.
        inform.relayAddress = IPv4Address(192, 168, 3, 3)
        #expect(try responder.respond(to: CheckedRequest(inform), arrival: Self.arrival, now: 0) == .ignore(.noSubnet))
    }

    @Test("A reservation refuses the client's old address when it starts anew")
    func reservedElsewhere() throws {
        var responder = try responder()
        let old = try lease(&responder)
        var plan = try rackPlan()
        plan.reservations = [nic(1): .init(10, 0, 0, 60)]
        responder.serve([plan])
        var request = message(.request)
        request.requestedAddress = old
        guard
            case .reply(let nak, _, .reservedElsewhere) = responder.respond(to: try CheckedRequest(request), arrival: Self.arrival, now: 1)
        else { return try #require(Bool(false)) }
        #expect(nak.messageType == .negativeAcknowledgement)
    }

    @Test("Where no subnet is served, and where the pool is full, there is silence")
    func silence() throws {
        var responder = try responder(pool: 1)
        _ = try lease(&responder)
        let discover = try CheckedRequest(message(.discover, from: nic(2)))
        #expect(responder.respond(to: discover, arrival: Self.arrival, now: 1) == .ignore(.poolExhausted))
        responder.serve([])
        #expect(responder.respond(to: discover, arrival: Self.arrival, now: 1) == .ignore(.noSubnet))
    }

    @Test("Release and decline are made durable without a reply; the address comes back, or is quarantined")
    func ends() throws {
        var responder = try responder()
        let address = try lease(&responder)
        var release = message(.release)
        release.clientAddress = address
        var arrival = Self.arrival
        arrival.wasBroadcast = false
        guard case .commit(let change, nil, _, _) = responder.respond(to: try CheckedRequest(release), arrival: arrival, now: 5) else {
            return try #require(Bool(false))
        }
        #expect(change.leases.map(\.state) == [.released])
        responder.table.confirm(change)
        #expect(try lease(&responder, now: 6) == address)
        var decline = message(.decline)
        decline.requestedAddress = address
        decline.serverIdentifier = Self.identifier
        guard case .commit(let declined, nil, _, _) = responder.respond(to: try CheckedRequest(decline), arrival: Self.arrival, now: 7)
        else {
            return try #require(Bool(false))
        }
        responder.table.confirm(declined)
        #expect(declined.leases.map(\.state) == [.declined] && declined.leases.map(\.expires) == [3607])
        #expect(try lease(&responder, now: 8) != address)
    }

    @Test("What a client calls itself is kept without what could move a terminal's cursor")
    func printableNames() throws {
        var responder = try responder()
        var discover = message(.discover)
        discover.hostName = "evil\u{1b}[2Jhost\n" + String(repeating: "x", count: 300)
        discover.options.set(.clientIdentifier, to: [UInt8](repeating: 0xab, count: 200))
        _ = responder.respond(to: try CheckedRequest(discover), arrival: Self.arrival, now: 0)
        let lease = try #require(responder.table.leases.first)
        #expect(lease.hostName?.hasPrefix("evil[2Jhostxxx") == true && lease.hostName?.utf8.count == 255)
        #expect(lease.clientIdentifier?.utf8.count == 128)
    }

    @Test("A relay chooses the subnet, and its server identifier stands for ours")
    func relayed() throws {
        var responder = try responder()
        responder.serve([try rackPlan(), try rackPlan("10.7.0.0/24")])
        var discover = message(.discover)
        discover.relayAddress = .init(10, 7, 0, 1)
        discover.options.set(.relayAgentInformation, to: [11, 4, 10, 7, 0, 1])
        guard
            case .reply(let offer, let destination, nil) = responder.respond(
                to: try CheckedRequest(discover), arrival: Self.arrival, now: 0)
        else {
            return try #require(Bool(false))
        }
        #expect(offer.yourAddress == .init(10, 7, 0, 100) && offer.serverIdentifier == .init(10, 7, 0, 1))
        #expect(destination == .relay(.init(10, 7, 0, 1), usesSourcePort: false))
        discover.messageType = .request
        discover.requestedAddress = offer.yourAddress
        discover.serverIdentifier = offer.serverIdentifier
        guard case .commit = responder.respond(to: try CheckedRequest(discover), arrival: Self.arrival, now: 0) else {
            return try #require(Bool(false))
        }
    }

    @Test("An unknown architecture gets its address, and the reply says why there is no boot program")
    func noProgram() throws {
        var responder = try responder()
        let discover = message(.discover, vendorClass: "PXEClient:Arch:00027:UNDI:003000", architecture: 27)
        guard
            case .reply(let offer, _, .unknownArchitecture) = responder.respond(
                to: try CheckedRequest(discover), arrival: Self.arrival, now: 0)
        else { return try #require(Bool(false)) }
        #expect(!offer.yourAddress.isAny && offer.bootFileName == nil)
    }
}

extension Response: Error {}
