import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import FleetModel
import Glibc
import OperatorTypes
import Primitives
import Testing

/// Machines that decline whatever they are given, at a pool of 20.
@Suite struct DeclineTests {
    private static let identifier = IPv4Address(10, 0, 0, 1)
    private static let arrival = Arrival(
        servers: ServerAddresses(identifier: identifier, httpPort: 8080), interfaceAddresses: [identifier], wasBroadcast: true)
    private static let most = QuarantineCounts.mostOfOneMachine

    private static func responder(most: Int? = nil, perCircuit: Int? = nil, _ leases: [Lease] = []) throws -> DHCPResponder {
        var plan = try rackPlan(pool: 20)
        (plan.mostStrangers, plan.mostStrangersPerCircuit) = (most, perCircuit)
        var responder = DHCPResponder(table: LeaseTable(stored: leases), policy: ReplyPolicy())
        responder.serve([plan])
        return responder
    }

    private static func send(
        _ responder: inout DHCPResponder, _ type: DHCPMessageType, _ number: UInt64, _ address: IPv4Address? = nil, port: UInt8? = nil,
        isKnown: Bool, now: Int64
    ) throws -> Response {
        var sent = message(type, from: nic(number))
        if let address { (sent.requestedAddress, sent.serverIdentifier) = (address, identifier) }
        if let port {
            sent.relayAddress = IPv4Address(10, 0, 0, 3)
            sent.options.set(.relayAgentInformation, to: [1, 1, port])
        }
        let response = responder.respond(to: try CheckedRequest(sent), arrival: arrival, isKnown: isKnown, now: now)
        if case .commit(let change, _, _, _) = response { responder.table.confirm(change) }
        return response
    }

    /// Asks for an address, takes it where `takes` says so, and declines it. Returns why not; `nil` when the address is quarantined.
    private static func decline(
        _ responder: inout DHCPResponder, _ number: UInt64, port: UInt8? = nil, isKnown: Bool = true, takes: Bool = true, now: Int64 = 0
    ) throws -> DHCPRefusal? {
        switch try send(&responder, .discover, number, port: port, isKnown: isKnown, now: now) {
        case .ignore(let reason): return reason
        case .reply(let offer, _, _):
            if takes { _ = try send(&responder, .request, number, offer.yourAddress, port: port, isKnown: isKnown, now: now) }
            let response = try send(&responder, .decline, number, offer.yourAddress, isKnown: isKnown, now: now)
            if case .ignore(let reason) = response { return reason }
            #expect(responder.table.lease(at: offer.yourAddress)?.isQuarantined(at: now) == true)
            return nil
        case .commit(let change, _, _, _): throw change.leases.first?.state == .bound ? DHCPRefusal.heldByAnother : .malformed
        }
    }

    private static func quarantined(_ responder: DHCPResponder, at now: Int64 = 0) -> Int {
        responder.table.leases.count { $0.isQuarantined(at: now) }
    }

    @Test("One machine has eight addresses quarantined; the ninth stays its own, and others get the rest", arguments: [true, false])
    func machine(takes: Bool) throws {
        var responder = try Self.responder()
        for _ in 0..<Self.most { #expect(try Self.decline(&responder, 1, takes: takes) == nil) }
        for _ in 0..<50 { #expect(try Self.decline(&responder, 1, takes: takes) == .declineLimit) }
        #expect(Self.quarantined(responder) == Self.most)
        let own = responder.table.leases(of: nic(1)).filter { $0.state != .declined }
        #expect(own.count == 1 && own.first?.state == (takes ? .bound : .offered))
        for number in 2...12 as ClosedRange<UInt64> {
            guard case .reply(let offer, _, _) = try Self.send(&responder, .discover, number, isKnown: true, now: 0) else {
                throw DHCPRefusal.poolExhausted
            }
            #expect(offer.messageType == .offer)
        }
        // When the quarantines end it is believed again.
        responder.table.expireOffers(at: 3601)
        #expect(try Self.decline(&responder, 1, takes: takes, now: 3601) == nil)
    }

    @Test("What an operator takes back counts no more")
    func revoked() throws {
        var responder = try Self.responder(perCircuit: Self.most)
        for _ in 0..<Self.most { #expect(try Self.decline(&responder, 1, port: 7) == nil) }
        #expect(try Self.decline(&responder, 1, port: 7) == .declineLimit)
        let first = try #require(responder.table.leases.first { $0.state == .declined })
        guard case .change(let change) = try responder.table.revoke(first.address, now: 1) else { throw DHCPRefusal.leaseUnknown }
        responder.table.confirm(change)
        for lease in change.leases { responder.forget(lease, now: 1) }
        #expect(try Self.decline(&responder, 1, port: 7, now: 1) == nil)
        #expect(try Self.decline(&responder, 1, port: 7, now: 1) == .declineLimit)
    }

    @Test(
        "Strangers that decline have no more of a subnet than strangers that keep, and hosts with a document get the rest", arguments: [true, false])
    func strangers(takes: Bool) throws {
        var responder = try Self.responder(most: 15)
        for number in 1...15 as ClosedRange<UInt64> { #expect(try Self.decline(&responder, number, isKnown: false, takes: takes) == nil) }
        // Long after the offers are forgotten, and of those that declined as well as of new ones.
        responder.table.expireOffers(at: 3599)
        for number in 1...200 as ClosedRange<UInt64> {
            #expect(try Self.decline(&responder, number, isKnown: false, takes: takes, now: 3599) == .unknownHostLimit)
        }
        #expect(Self.quarantined(responder, at: 3599) == 15)
        for number in 301...305 as ClosedRange<UInt64> {
            guard case .reply = try Self.send(&responder, .discover, number, isKnown: true, now: 3599) else { throw DHCPRefusal.poolExhausted }
        }
        #expect(try Self.decline(&responder, 400, isKnown: false, takes: takes, now: 3601) == nil)
    }

    @Test("At one switch port so many addresses are quarantined, whoever its machines say they are, also after a restart; the next port has its own")
    func circuit() throws {
        var responder = try Self.responder(perCircuit: 3)
        for number in 1...3 as ClosedRange<UInt64> { #expect(try Self.decline(&responder, number, port: 7) == nil) }
        #expect(try Self.decline(&responder, 4, port: 7) == .declineLimit)
        responder = try Self.responder(perCircuit: 3, responder.table.leases)
        for number in 5...8 as ClosedRange<UInt64> { #expect(try Self.decline(&responder, number, port: 7) == .declineLimit) }
        for number in 11...13 as ClosedRange<UInt64> { #expect(try Self.decline(&responder, number, port: 8) == nil) }
        #expect(Self.quarantined(responder) == 6)
    }

    @Test("Operators hear of it once an hour for each machine, and of 64 machines at most")
    func news() {
        var counts = QuarantineCounts(of: LeaseTable())
        func isNews(_ number: UInt64, _ now: Int64) -> Bool { counts.isNews(nic(number), now: now) }
        #expect(isNews(1, 0) && !isNews(1, 3599) && isNews(1, 3600))
        #expect((2...100).filter { isNews($0, 3601) }.count == 63)
        #expect(isNews(200, 7300))
    }

    @Test(
        "A machine that declines again and again is counted, and news once, also where it runs its system already",
        .enabled(if: geteuid() == 0, "sockets bound to an interface need root"))
    func declines() async throws {
        let (directory, leases) = (try TestDirectory([rackPlan(pool: 20)]), TestLeaseStore())
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            for _ in 0..<12 {
                let lease = try relay.lease(nic(1))
                var decline = message(.decline)
                (decline.requestedAddress, decline.serverIdentifier) = (lease.yourAddress, lease.serverIdentifier)
                try relay.send(decline)
            }
            // Comes behind the last of them.
            #expect(try relay.lease(nic(2)).messageType == .acknowledgement)
            #expect(server.statistics.snapshot.refused == ["decline-limit": 4])
            #expect(server.statistics.refusedByMessage == ["decline": ["decline-limit": 4]])
            #expect(leases.stored.count { $0.state == .declined } == QuarantineCounts.mostOfOneMachine)
            let news = directory.events.filter { $0.name == "decline-limit" }
            #expect(news.map { $0.attributes["mac"] } == [nic(1).description] && news.map(\.host) == [nil])
        }
    }
}
