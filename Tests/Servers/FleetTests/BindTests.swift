import AddressPlan
import Documents
import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import Primitives
import Testing

@Suite("Host documents and the hosts they speak of")
struct BindTests {
    private func host(_ name: String, uuid: UniversalUniqueIdentifier? = nil, _ numbers: Int...) -> String {
        let claims = [
            uuid.map { "uuid: \($0)" }, numbers.isEmpty ? nil : "hardwareAddresses: [\(numbers.map { "'\(mac($0))'" }.joined(separator: ", "))]",
        ]
        return "apiVersion: bennu/v1\nkind: Host\nmetadata: {name: \(name)}\nspec:\n"
            + claims.compactMap(\.self).map { "  \($0)\n" }.joined()
    }

    @Test("a document takes the discovered host that it names by NIC or UUID", arguments: [true, false])
    func takesDiscovered(byUUID: Bool) throws {
        var site = StateFixture()
        let id = try #require(site.see(1, .firmware, uuid: board(1)).host.host)
        site.adopt(byUUID ? host("a", uuid: board(1)) : host("a", 1))
        #expect(site.state.host(named: "a")?.id == id)
        #expect(site.state.hosts.count == 1)
        #expect(site.see(1, .firmware, uuid: board(1)).host.name == "a")
    }

    @Test("a document brings a host into being that was never seen, which is then known by its claims")
    func expected() {
        var site = StateFixture()
        site.adopt(host("a", 1))
        let seen = site.see(1, .firmware, uuid: board(1))
        #expect(seen.host.name == "a" && seen.events == ["identity-learned-uuid", "boot-began"])
    }

    @Test("the document takes a NIC from the host that was known by it; one that has nothing left is forgotten")
    func takesClaims() throws {
        var site = StateFixture()
        site.see(2, .firmware)
        site.adopt(host("a", 1))
        let a = try #require(site.state.host(named: "a")?.id)
        site.adopt(host("a", 1, 2))
        #expect(site.state.host(named: "a")?.claims.hardwareAddresses == [mac(1), mac(2)])
        #expect(site.state.byHardwareAddress[mac(2)] == a && site.state.hosts.count == 1)
    }

    @Test("a UUID belongs to one host only, whatever the order in which records are read")
    func takesUUID() throws {
        var site = StateFixture()
        site.adopt(SiteText.all(host("a", 1), host("b", 2)))
        site.see(1, .firmware, uuid: board(1))
        site.adopt(SiteText.all(host("a", 1), host("b", uuid: board(1), 2)))
        #expect(site.state.host(named: "\(board(1))")?.document == "b")
        #expect(site.state.host(named: "a")?.claims.uuid == nil)
        var reloaded = FleetState()
        for record in site.state.hosts.values.sorted(by: { $0.id > $1.id }) { reloaded.put(record) }
        #expect(reloaded.host(named: "\(board(1))")?.document == "b")
    }

    @Test("a document never takes the host of another document, only its claim")
    func neverTakesBound() throws {
        var site = StateFixture()
        site.adopt(host("y", 1))
        site.see(1, .firmware, uuid: board(1))
        let y = try #require(site.state.host(named: "y")?.id)
        for _ in 0..<2 {
            site.adopt(SiteText.all(host("x", uuid: board(1)), host("y", 1)))
            #expect(site.state.host(named: "y")?.id == y)
            #expect(site.state.host(named: "x")?.claims.uuid == board(1))
            #expect(site.state.hosts.count == 2)
        }
    }

    @Test("a host whose document goes is discovered again; a new document takes it with its past")
    func renamed() throws {
        var site = StateFixture()
        site.adopt(host("a", 1))
        let id = try #require(site.see(1, .firmware).host.host)
        site.adopt(host("b", 1))
        #expect(site.state.host(named: "b")?.id == id && site.state.host(named: "a") == nil)
        site.state.adopt(.init(), revision: 9, now: 1, using: &site.generator)
        #expect(site.state.hosts[id]?.document == nil)
    }

    @Test("a subnet is served as its document says: without what is excluded, with every reservation, route and option")
    func subnetDocument() throws {
        var site = StateFixture()
        site.adopt(
            SiteText.all(
                SiteText.subnet
                    + """
                      exclude: [10.77.0.100]
                      sharedNetwork: wire
                      routes: [{to: 10.9.0.0/16, via: 10.77.0.9}]
                      options: {interfaceMTU: 9000}
                      reservations:
                        - {address: 10.77.0.20, circuit: ge-0, options: {rootPath: /x}}
                        - {address: 10.77.0.21, clientIdentifier: 0102}

                    """,
                host("a", uuid: board(1), 1) + "  address: 10.77.0.7\n  options: {interfaceMTU: 1500}\n"))
        let plan = try #require(site.state.subnets.subnets.first)
        #expect(plan.pools.first?.lowerBound == IPv4Address(10, 77, 0, 101) && plan.sharedNetwork == "wire")
        #expect(plan.circuitReservations == [RelayCircuit(circuit: "67652d30"): IPv4Address(10, 77, 0, 20)])
        #expect(plan.identifierReservations == ["0102": IPv4Address(10, 77, 0, 21)])
        #expect(plan.uuidReservations == [board(1): IPv4Address(10, 77, 0, 7)])
        #expect(plan.options == [26: [0x23, 0x28]] && plan.addressOptions == [IPv4Address(10, 77, 0, 20): [17: Array("/x".utf8)]])
        #expect(plan.hostOptions == [mac(1): [26: [5, 220]]])
        #expect(plan.routes.map(\.router) == [IPv4Address(10, 77, 0, 9)])
    }

    @Test("subnets hold the reservations of their hosts, for every NIC that is known")
    func subnets() throws {
        var site = StateFixture()
        site.see(3, .firmware, uuid: board(1))
        site.adopt(SiteText.all(SiteText.subnet, host("a", uuid: board(1), 1) + "  address: 10.77.0.7\n"))
        let subnet = try #require(site.state.subnets.subnets.first)
        #expect(subnet.reservations == [mac(1): IPv4Address(10, 77, 0, 7), mac(3): IPv4Address(10, 77, 0, 7)])
        #expect(!subnet.ignoresUnknownHosts)
        let generation = site.state.subnets.generation
        site.adopt(SiteText.subnet + "  unknownHosts: ignore\n")
        #expect(site.state.subnets.subnets.first?.ignoresUnknownHosts == true)
        #expect(site.state.subnets.generation > generation)
    }
}
