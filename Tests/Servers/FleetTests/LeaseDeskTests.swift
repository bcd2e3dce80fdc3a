import AddressPlan
import Fleet
import FleetFixtures
import FleetModel
import HostContract
import OperatorTypes
import Primitives
import Synchronization
import Testing

/// Leases as a DHCP server would have them.
private final class TestDesk: LeaseDesk {
    private let table: Mutex<[Lease]>
    init(_ leases: [Lease]) { table = Mutex(leases) }

    func leases() async -> [Lease] { table.withLock { $0 } }

    func use() async -> AddressUse { AddressUse() }

    func release(_ address: IPv4Address) async throws(APIProblem) -> Lease {
        let released = table.withLock { leases -> Lease? in
            guard let index = leases.firstIndex(where: { $0.address == address }) else { return nil }
            leases[index].state = .released
            return leases[index]
        }
        guard let released else { throw APIProblem(code: "unknown-lease", message: "") }
        return released
    }
}

@Suite("Leases as operators see them")
struct LeaseDeskTests {
    private let desk: TestDesk
    private let site: TestSite

    init() async throws {
        site = try await TestSite(SiteText.site())
        let now = site.clock.now / 1000
        func lease(_ last: UInt8, _ number: Int, _ state: Lease.State, for seconds: Int64) -> Lease {
            Lease(
                address: IPv4Address(10, 77, 0, last), client: LeaseClient(hardwareAddress: TestSite.hardwareAddress(number)),
                expires: seconds == Lease.never ? Lease.never : now + seconds, state: state)
        }
        desk = TestDesk([
            lease(100, 1, .bound, for: 600), lease(101, 2, .bound, for: -5), lease(102, 3, .offered, for: 60), lease(103, 4, .declined, for: 60),
            lease(104, 1, .released, for: -60), lease(105, 5, .bound, for: Lease.never),
        ])
    }

    @Test("they have their host, their subnet and the state that they are in now")
    func list() async throws {
        let all = try await site.fleet.leaseList(LeaseQuery(), from: desk)
        #expect(all.map(\.state) == [.bound, .expired, .offered, .declined, .released, .bound])
        #expect(all.map(\.name) == ["h1", "h2", nil, nil, "h1", nil] && Set(all.map(\.subnet)) == ["rack"])
        #expect(all.last?.expires == nil)
        func addresses(_ query: LeaseQuery) async throws -> [String] { try await site.fleet.leaseList(query, from: desk).map(\.address.description) }
        #expect(try await addresses(LeaseQuery(host: "h1")) == ["10.77.0.100", "10.77.0.104"])
        #expect(try await addresses(LeaseQuery(host: "h1", state: .bound)) == ["10.77.0.100"])
        #expect(try await addresses(LeaseQuery(host: "\(TestSite.hardwareAddress(5))")) == ["10.77.0.105"], "it is no host")
        #expect(try await addresses(LeaseQuery(subnet: "rack", state: .declined)) == ["10.77.0.103"])
    }

    @Test("what is not there has a name")
    func refusals() async throws {
        await problem("unknown-host") { _ = try await site.fleet.leaseList(LeaseQuery(host: "nobody"), from: desk) }
        await problem("unknown-subnet") { _ = try await site.fleet.leaseList(LeaseQuery(subnet: "none"), from: desk) }
        await problem("malformed-address") { _ = try await site.fleet.lease("h1", from: desk) }
        await problem("unknown-lease") { _ = try await site.fleet.lease("10.77.0.9", from: desk) }
        await problem("unknown-lease") { _ = try await site.fleet.releaseLease("10.77.0.9", LeaseRelease(), from: desk) }
    }

    private func problem(_ code: String, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("no \(code)")
        } catch {
            #expect((error as? APIProblem)?.code == code)
        }
    }

    @Test("that of a host which was just heard of is released only by force, and its timeline says so")
    func inUse() async throws {
        try await site.addImage()
        site.powerOn(1)
        let boot = try #require(site.record(1)?.boot?.id)
        site.fleet.record(
            BootEvent(
                host: site.record(1)?.id, boot: boot, time: 0, source: .dhcp, name: "ack-sent", attributes: ["address": "10.77.0.100"]))
        await problem("in-use") { _ = try await site.fleet.releaseLease("10.77.0.100", LeaseRelease(), from: desk) }
        let released = try await site.fleet.releaseLease("10.77.0.100", LeaseRelease(force: true), from: desk)
        #expect(released.state == .released && released.name == "h1")
        #expect(try await site.fleet.timeline(of: "h1", boot: nil).events.last?.name == "lease-released")
    }

    @Test("that of a host which is long silent is released without force")
    func silent() async throws {
        site.powerOn(1)
        let boot = try #require(site.record(1)?.boot?.id)
        site.fleet.record(
            BootEvent(
                host: site.record(1)?.id, boot: boot, time: 0, source: .dhcp, name: "ack-sent", attributes: ["address": "10.77.0.100"]))
        site.clock.advance(120_000)
        #expect(try await site.fleet.releaseLease("10.77.0.100", LeaseRelease(), from: desk).state == .released)
    }
}
