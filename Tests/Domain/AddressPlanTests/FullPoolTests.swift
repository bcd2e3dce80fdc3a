import AddressPlan
import Primitives
import Testing

/// A pool of 4,096 addresses, each of which somebody has or had.
@Suite struct FullPoolTests {
    private static let size: UInt32 = 4096

    private func full(now: Int64) throws -> (LeaseTable, ServedSubnet) {
        let prefix = try #require(IPv4Prefix("10.1.0.0/16"))
        let first = IPv4Address(10, 1, 1, 0)
        let last = try #require(first.advanced(by: Self.size - 1))
        let subnet = ServedSubnet(SubnetPlan(name: "rack", prefix: prefix, pools: [first...last], leaseTime: 3600))
        var table = LeaseTable()
        for number in 1...UInt64(Self.size) { try table.lease(to: client(number), in: subnet, now: now + Int64(number)) }
        return (table, subnet)
    }

    @Test("A thousand strangers at a full pool are refused by a look at one record each")
    func refused() throws {
        var (table, subnet) = try full(now: 0)
        let late: Int64 = 3600
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(100_000), in: subnet, now: late) }
        let before = table.searchSteps
        for number in 100_001...101_000 as ClosedRange<UInt64> {
            #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(number), in: subnet, now: late) }
        }
        #expect(table.searchSteps - before <= 1000)
    }

    @Test("Addresses that were all used before are found again in the order in which they ended, without a walk for each")
    func used() throws {
        var (table, subnet) = try full(now: 0)
        let late: Int64 = 20_000
        let first = try table.lease(to: client(100_000), in: subnet, now: late)
        #expect(first.address == IPv4Address(10, 1, 1, 0))
        let before = table.searchSteps
        var given: [IPv4Address] = []
        for number in 100_001...101_000 as ClosedRange<UInt64> { given.append(try table.lease(to: client(number), in: subnet, now: late).address) }
        #expect(given == given.sorted() && Set(given).count == 1000 && given.first == IPv4Address(10, 1, 1, 1))
        // What is no longer true of an address is looked at once more: an offer and a lease for each.
        #expect(table.searchSteps - before <= 4000)
    }

    @Test("What comes back to a full pool is found: a release, an offer that nobody took, a lease taken back")
    func comesBack() throws {
        var (table, subnet) = try full(now: 0)
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(100_000), in: subnet, now: 10) }
        table.confirm(try table.release(IPv4Address(10, 1, 1, 7), by: client(8), now: 20))
        let offer = try table.offer(to: client(100_001), in: subnet, now: 30)
        #expect(offer.address == IPv4Address(10, 1, 1, 7))
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(100_002), in: subnet, now: 31) }
        table.expireOffers(at: 100)
        #expect(try table.lease(to: client(100_002), in: subnet, now: 101).address == offer.address)
        guard case .change(let change) = try table.revoke(IPv4Address(10, 1, 1, 9), now: 110) else { return #expect(Bool(false)) }
        table.confirm(change)
        #expect(try table.offer(to: client(100_003), in: subnet, now: 111).address == IPv4Address(10, 1, 1, 9))
    }

    @Test("Many changes do not make the order of a full pool grow without end")
    func renewals() throws {
        var (table, subnet) = try full(now: 0)
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(100_000), in: subnet, now: 10) }
        for round in 1...8 as ClosedRange<Int64> {
            for number in 1...UInt64(Self.size) {
                let change = try table.request(
                    try #require(table.leases(of: nic(number)).first).address, kind: .renewing, by: client(number), in: subnet, now: round * 1000)
                table.confirm(change)
            }
            #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client(100_000), in: subnet, now: round * 1000) }
        }
        #expect(try table.lease(to: client(100_000), in: subnet, now: 20_000).address == IPv4Address(10, 1, 1, 0))
    }
}
