import AddressPlan
import Primitives
import Testing

@Suite struct LeaseTableTests {
    @Test("The same NIC gets the same address again, whatever else it says about itself")
    func stable() throws {
        var table = LeaseTable()
        let subnet = try subnet()
        let first = try table.lease(to: client(1), in: subnet, now: 0)
        let stages = [
            LeaseClient(hardwareAddress: nic(1), uuid: uuid(1), clientIdentifier: "01525400000001"),
            LeaseClient(hardwareAddress: nic(1), clientIdentifier: "ff00112233", hostName: "host-a"),
            LeaseClient(hardwareAddress: nic(1)),
        ]
        for stage in stages { #expect(try table.lease(to: stage, in: subnet, now: 10).address == first.address) }
        #expect(table.count == 1)
    }

    @Test("A host with three NICs that is restarted twenty times holds one lease")
    func threeNICs() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 10)
        for restart in 0..<20 {
            let now = Int64(restart * 300)
            // Firmware tries every NIC, and the first that gets an answer boots: ROM, iPXE, initrd, system.
            for number in 1...3 as ClosedRange<UInt64> { _ = try table.offer(to: client(number, uuid: uuid(9)), in: subnet, now: now) }
            for uuid in [uuid(9), uuid(9), nil, nil] { try table.lease(to: client(1, uuid: uuid), in: subnet, now: now + 5) }
            table.expireOffers(at: now + 100)
            #expect(table.leases.map(\.hardwareAddress) == [nic(1)])
        }
    }

    @Test("A lease that ended is remembered for its NIC while other addresses are free")
    func remembered() throws {
        var table = LeaseTable()
        let subnet = try subnet()
        let first = try table.lease(to: client(1), in: subnet, now: 0)
        let other = try table.lease(to: client(2), in: subnet, now: 10_000)
        #expect(other.address != first.address)
        #expect(try table.lease(to: client(1), in: subnet, now: 20_000).address == first.address)
    }

    @Test("When every address was used once, the one that has been free for longest is given again")
    func reclaimsOldest() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 3)
        let leases = try (1...3).map { try table.lease(to: client($0), in: subnet, now: Int64($0) * 100) }
        #expect(try table.lease(to: client(4), in: subnet, now: 50_000).address == leases[0].address)
        #expect(try table.lease(to: client(5), in: subnet, now: 50_000).address == leases[1].address)
    }

    @Test("A pool that is full says so, and gives again when a lease has ended")
    func exhausted() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 2)
        try table.lease(to: client(1), in: subnet, now: 0)
        try table.lease(to: client(2), in: subnet, now: 10)
        for _ in 0..<3 {
            #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(3), in: subnet, now: 20) }
        }
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(3), in: subnet, now: 3599) }
        #expect(try table.offer(to: client(3), in: subnet, now: 3600).address == address("10.0.0.100"))
    }

    @Test("A full pool has room at once when somebody releases")
    func releaseMakesRoom() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 1)
        let lease = try table.lease(to: client(1), in: subnet, now: 0)
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(2), in: subnet, now: 1) }
        let change = try table.release(lease.address, by: client(1), now: 2)
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack"), "the release is not durable yet") {
            try table.offer(to: client(2), in: subnet, now: 2)
        }
        table.confirm(change)
        #expect(try table.offer(to: client(2), in: subnet, now: 3).address == lease.address)
    }

    @Test("An offer holds its address for its time, and leaves nothing behind")
    func offerHolds() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 1)
        _ = try table.offer(to: client(1), in: subnet, now: 0, holding: 60)
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(2), in: subnet, now: 59) }
        table.expireOffers(at: 60)
        #expect(table.count == 0)
        #expect(try table.offer(to: client(2), in: subnet, now: 60).address == address("10.0.0.100"))
    }

    @Test("An address that the client asks for is given when it is free and nobody's")
    func requested() throws {
        var table = LeaseTable()
        let subnet = try subnet()
        #expect(try table.offer(to: client(1), in: subnet, requested: address("10.0.0.102"), now: 0).address == address("10.0.0.102"))
        #expect(try table.offer(to: client(2), in: subnet, requested: address("10.0.0.102"), now: 0).address != address("10.0.0.102"))
        #expect(try table.offer(to: client(3), in: subnet, requested: address("10.0.0.1"), now: 0).address == address("10.0.0.101"))
    }

    @Test("A declined address is given to nobody until its quarantine ends")
    func declined() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 2)
        let lease = try table.lease(to: client(1), in: subnet, now: 0)
        table.confirm(try table.decline(lease.address, by: client(1), now: 1, quarantine: 100))
        #expect(try table.offer(to: client(1), in: subnet, now: 2).address != lease.address)
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(2), in: subnet, now: 2) }
        #expect(throws: LeaseRefusal.quarantined(lease.address)) {
            try table.request(lease.address, kind: .selecting, by: client(1), in: subnet, now: 50)
        }
        #expect(try table.request(lease.address, kind: .selecting, by: client(2), in: subnet, now: 101).leases.count == 1)
    }

    struct Claim: CustomTestStringConvertible, Sendable {
        let name: String
        let address: String
        let kind: LeaseRequestKind
        let refusal: LeaseRefusal?
        var testDescription: String { name }
    }

    static let held = IPv4Address(10, 0, 0, 100)
    static let claims = [
        Claim(name: "takes the offer", address: "10.0.0.101", kind: .selecting, refusal: nil),
        Claim(name: "names another's lease", address: "10.0.0.100", kind: .selecting, refusal: .heldByAnother(held, nic(1))),
        Claim(name: "renews another's lease", address: "10.0.0.100", kind: .renewing, refusal: .heldByAnother(held, nic(1))),
        Claim(
            name: "another network", address: "192.168.1.9", kind: .rebooting,
            refusal: .addressOutsideSubnet(.init(192, 168, 1, 9), subnet: "rack")),
        Claim(name: "the router", address: "10.0.0.1", kind: .rebooting, refusal: .addressNotInPool(.init(10, 0, 0, 1), subnet: "rack")),
        Claim(
            name: "the broadcast address", address: "10.0.0.255", kind: .selecting,
            refusal: .addressNotInPool(.init(10, 0, 0, 255), subnet: "rack")),
        Claim(name: "reserved for another", address: "10.0.0.50", kind: .selecting, refusal: .reservedForAnother(.init(10, 0, 0, 50))),
        Claim(
            name: "free, but we know nothing of it", address: "10.0.0.102", kind: .renewing, refusal: .leaseUnknown(.init(10, 0, 0, 102))),
        Claim(name: "free, after a restart", address: "10.0.0.102", kind: .rebooting, refusal: .leaseUnknown(.init(10, 0, 0, 102))),
        Claim(name: "free, we forgot the offer", address: "10.0.0.102", kind: .selecting, refusal: nil),
    ]

    @Test("A request is granted, or refused by name", arguments: claims)
    func claim(_ claim: Claim) throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 3, reservations: [nic(8): address("10.0.0.50")])
        try table.lease(to: client(1), in: subnet, now: 0)
        _ = try table.offer(to: client(2), in: subnet, now: 0)
        let named = try address(claim.address)
        if let refusal = claim.refusal {
            #expect(throws: refusal) { try table.request(named, kind: claim.kind, by: client(2), in: subnet, now: 1) }
        } else {
            #expect(try table.request(named, kind: claim.kind, by: client(2), in: subnet, now: 1).leases.map(\.address) == [named])
        }
    }

    @Test("Releases and declines of what is not one's own are refused by name")
    func notOwn() throws {
        var table = LeaseTable()
        let subnet = try subnet()
        let lease = try table.lease(to: client(1), in: subnet, now: 0)
        #expect(throws: LeaseRefusal.heldByAnother(lease.address, nic(1))) { try table.release(lease.address, by: client(2), now: 1) }
        #expect(throws: LeaseRefusal.heldByAnother(lease.address, nic(1))) { try table.decline(lease.address, by: client(2), now: 1) }
        #expect(throws: LeaseRefusal.leaseUnknown(.init(10, 0, 0, 102))) { try table.release(.init(10, 0, 0, 102), by: client(1), now: 1) }
        table.confirm(try table.release(lease.address, by: client(1), now: 1))
        #expect(throws: LeaseRefusal.leaseUnknown(lease.address)) { try table.release(lease.address, by: client(1), now: 2) }
    }

    @Test("What the store did not take is undone, and the address is free again")
    func reverted() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 1)
        let offer = try table.offer(to: client(1), in: subnet, now: 0)
        let change = try table.request(offer.address, kind: .selecting, by: client(1), in: subnet, now: 0)
        table.revert(change)
        #expect(table.count == 0)
        #expect(try table.offer(to: client(2), in: subnet, now: 1).address == offer.address)
    }

    @Test("A renewal that the store did not take leaves the lease as it was")
    func renewalReverted() throws {
        var table = LeaseTable()
        let subnet = try subnet(leaseTime: 100)
        let lease = try table.lease(to: client(1), in: subnet, now: 0)
        table.revert(try table.request(lease.address, kind: .renewing, by: client(1), in: subnet, now: 50))
        #expect(table.lease(at: lease.address) == lease)
    }

    @Test("An older failure does not undo a newer change")
    func overtaken() throws {
        var table = LeaseTable()
        let subnet = try subnet(leaseTime: 100)
        let lease = try table.lease(to: client(1), in: subnet, now: 0)
        let first = try table.request(lease.address, kind: .renewing, by: client(1), in: subnet, now: 10)
        let second = try table.request(lease.address, kind: .renewing, by: client(1), in: subnet, now: 20)
        table.revert(first)
        #expect(table.lease(at: lease.address)?.expires == 120)
        table.confirm(second)
        #expect(table.lease(at: lease.address)?.expires == 120)
    }

    @Test("While a repeated request is on its way to the store, the failure of the first does not free the address")
    func repeatedRequest() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 1)
        let offer = try table.offer(to: client(1), in: subnet, now: 0)
        let changes = try (0..<2).map { _ in try table.request(offer.address, kind: .selecting, by: client(1), in: subnet, now: 0) }
        table.revert(changes[0])
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(2), in: subnet, now: 1) }
        table.confirm(changes[1])
        #expect(table.lease(at: offer.address)?.isInUse(at: 1) == true)
    }

    @Test("Stored leases are held after a restart, offers are not among them")
    func restart() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 2)
        let lease = try table.lease(to: client(1), in: subnet, now: 0)
        _ = try table.offer(to: client(2), in: subnet, now: 0)
        var restarted = LeaseTable(stored: table.leases)
        #expect(restarted.leases == [lease])
        #expect(try restarted.offer(to: client(3), in: subnet, now: 1).address != lease.address)
        #expect(try restarted.request(lease.address, kind: .renewing, by: client(1), in: subnet, now: 2).leases.count == 1)
    }

    @Test("What is held can be taken back: a lease once that is durable, an offer at once; what is not held says why")
    func revoke() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 3)
        let lease = try table.lease(to: client(1), in: subnet, now: 0)
        let offer = try table.offer(to: client(2), in: subnet, now: 0)
        #expect(try table.revoke(offer.address, now: 1) == .withdrawn(offer))
        #expect(table.lease(at: offer.address) == nil)
        guard case .change(let change) = try table.revoke(lease.address, now: 1) else { return try #require(Bool(false)) }
        #expect(change.leases.map(\.state) == [.released] && table.lease(at: lease.address)?.state == .released)
        table.revert(change)
        #expect(table.lease(at: lease.address) == lease, "the store did not take it")
        guard case .change(let again) = try table.revoke(lease.address, now: 2) else { return try #require(Bool(false)) }
        table.confirm(again)
        #expect(throws: RevocationRefusal.ended(again.leases[0])) { try table.revoke(lease.address, now: 3) }
        #expect(throws: RevocationRefusal.unknown) { try table.revoke(address("10.0.0.250"), now: 3) }
        // Its holder asks again, and it is its own.
        let declined = try table.lease(to: client(1), in: subnet, now: 4)
        #expect(declined.address == lease.address)
        table.confirm(try table.decline(declined.address, by: client(1), now: 5, quarantine: 100))
        guard case .change(let freed) = try table.revoke(declined.address, now: 6) else { return try #require(Bool(false)) }
        table.confirm(freed)
        #expect(try table.lease(to: client(1), in: subnet, now: 7).address == declined.address)
        #expect(throws: RevocationRefusal.self) { try table.revoke(declined.address, now: 100_000) }
    }

    @Test("Times at either end of the clock do not trap", arguments: [Int64.min, -1, 0, Int64.max - 1, Int64.max])
    func extremeTimes(now: Int64) throws {
        var table = LeaseTable(stored: [Lease(address: .init(10, 0, 0, 101), client: client(9), expires: .min, state: .bound)])
        let subnet = try subnet(leaseTime: .max)
        if let offer = try? table.offer(to: client(1), in: subnet, now: now) {
            _ = try table.request(offer.address, kind: .selecting, by: client(1), in: subnet, now: now)
        }
        table.expireOffers(at: now)
        #expect(Lease.expiry(after: .max, from: 0) == Lease.never)
        #expect(Lease.expiry(after: 10, from: .max - 1) == Lease.never)
    }
}
