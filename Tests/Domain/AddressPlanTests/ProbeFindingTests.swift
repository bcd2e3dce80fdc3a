import AddressPlan
import Primitives
import Testing

@Suite("A machine that answers for a free address")
struct ProbeFindingTests {
    private let subnet: ServedSubnet
    private let address = IPv4Address(10, 0, 0, 100)
    private let foreign = HardwareAddress(value: 0x0211_0000_0001)
    private let client = LeaseClient(hardwareAddress: HardwareAddress(value: 0x5254_0000_0001))

    init() throws {
        let prefix = try #require(IPv4Prefix("10.0.0.0/24"))
        subnet = ServedSubnet(SubnetPlan(name: "rack", prefix: prefix, pools: [IPv4Address(10, 0, 0, 100)...IPv4Address(10, 0, 0, 102)]))
    }

    private func lease(_ table: inout LeaseTable, _ client: LeaseClient, now: Int64 = 0) throws -> IPv4Address {
        let offer = try table.offer(to: client, in: subnet, now: now)
        table.confirm(try table.request(offer.address, kind: .selecting, by: client, in: subnet, now: now))
        return offer.address
    }

    @Test("the next addresses are those that are given next, and looking changes nothing")
    func next() throws {
        var table = LeaseTable()
        for number in UInt64(1)...3 {
            let next = table.nextAddresses(in: subnet, most: 64, now: 0)
            #expect(next.count == 4 - Int(number))
            #expect(try lease(&table, LeaseClient(hardwareAddress: HardwareAddress(value: number)), now: Int64(number)) == next.first)
        }
        #expect(table.nextAddresses(in: subnet, most: 64, now: 10).isEmpty)
        // When all leases have ended, the one that ended first comes first.
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "rack")) { try table.offer(to: client, in: subnet, now: 10) }
        let ended = table.nextAddresses(in: subnet, most: 64, now: 4000)
        #expect(ended == [100, 101, 102].map { IPv4Address(10, 0, 0, $0) })
        #expect(table.nextAddresses(in: subnet, most: 2, now: 4000).count == 2)
        #expect(try table.offer(to: client, in: subnet, now: 4000).address == ended.first)
    }

    @Test("it is quarantined like one that was declined, until its time is over, and the change is durable or undone")
    func quarantined() throws {
        var table = LeaseTable()
        guard case .quarantined(let change) = table.quarantine(address, usedBy: foreign, now: 0, quarantine: 60) else { throw Unexpected() }
        #expect(change.leases.map(\.state) == [.declined] && change.leases.map(\.hardwareAddress) == [foreign])
        var undone = table
        undone.revert(change)
        #expect(undone.lease(at: address) == nil && undone.count == 0)
        table.confirm(change)
        #expect(table.quarantine(address, usedBy: foreign, now: 1, quarantine: 60) == .known)
        #expect(try lease(&table, client, now: 1) == IPv4Address(10, 0, 0, 101))
        #expect(!table.nextAddresses(in: subnet, most: 9, now: 1).contains(address))
        #expect(throws: LeaseRefusal.quarantined(address)) { try table.request(address, kind: .selecting, by: client, in: subnet, now: 59) }
        let others = [2, 3].map { LeaseClient(hardwareAddress: HardwareAddress(value: $0)) }
        #expect(try others.map { try table.offer(to: $0, in: subnet, now: 60).address } == [IPv4Address(10, 0, 0, 102), address])
    }

    @Test("a lease stays its holder's; an offer that another machine answers for is taken back")
    func held() throws {
        var table = LeaseTable()
        #expect(try lease(&table, client) == address)
        #expect(table.quarantine(address, usedBy: foreign, now: 5) == .known)
        var offered = LeaseTable()
        #expect(try offered.offer(to: client, in: subnet, now: 0).address == address)
        #expect(offered.quarantine(address, usedBy: client.hardwareAddress, now: 1) == .known, "the client itself makes sure of it")
        guard case .quarantined(let change) = offered.quarantine(address, usedBy: foreign, now: 1) else { throw Unexpected() }
        offered.confirm(change)
        #expect(try offered.offer(to: client, in: subnet, now: 2).address == IPv4Address(10, 0, 0, 101))
    }

    @Test("who uses its address beyond its lease keeps it, and nobody else is given it")
    func kept() throws {
        var table = LeaseTable()
        #expect(try lease(&table, client) == address)
        guard case .kept(let lease) = table.quarantine(address, usedBy: client.hardwareAddress, now: 5000, quarantine: 60) else { throw Unexpected() }
        #expect(lease.state == .offered && lease.expires == 5060)
        let other = LeaseClient(hardwareAddress: HardwareAddress(value: 9))
        #expect(throws: LeaseRefusal.heldByAnother(address, client.hardwareAddress)) {
            try table.request(address, kind: .selecting, by: other, in: subnet, now: 5001)
        }
        #expect(try table.offer(to: client, in: subnet, now: 5001).address == address)
    }

    private struct Unexpected: Error {}
}
