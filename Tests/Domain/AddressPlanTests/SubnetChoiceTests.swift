import AddressPlan
import Primitives
import Testing

@Suite struct SubnetChoiceTests {
    @Test("Subnets of one wire are found from each of them, itself first; those of other wires are not")
    func sharedNetwork() throws {
        let plans = try [("a", "10.0.0.0/24", "wire"), ("b", "10.1.0.0/24", "wire"), ("c", "10.2.0.0/24", "other"), ("d", "10.3.0.0/24", nil)].map {
            var plan = SubnetPlan(name: $0.0, prefix: try #require(IPv4Prefix($0.1)), pools: [])
            plan.sharedNetwork = $0.2
            return plan
        }
        let choice = SubnetChoice(plans)
        let networks = try plans.map { plan in
            choice.network(of: try #require(choice.subnet(containing: plan.prefix.network))).map(\.plan.name)
        }
        #expect(networks == [["a", "b"], ["b", "a"], ["c"], ["d"]])
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        var relay: IPv4Address = .any
        var link: IPv4Address?
        var selection: IPv4Address?
        var client: IPv4Address = .any
        var wasBroadcast = true
        let expected: String?
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "directly connected", expected: "local"),
        Row(name: "through a relay", relay: .init(10, 5, 0, 1), expected: "far"),
        Row(name: "the longer prefix wins", relay: .init(10, 5, 1, 1), expected: "farther"),
        Row(name: "a relay that selects another link", relay: .init(10, 5, 0, 1), link: .init(10, 0, 0, 0), expected: "local"),
        Row(
            name: "a link that is not ours is not replaced by giaddr", relay: .init(10, 5, 0, 1), link: .init(172, 16, 0, 0), expected: nil),
        Row(
            name: "the link that a relay names goes before the subnet that a client does", relay: .init(10, 5, 0, 1), link: .init(10, 0, 0, 0),
            selection: .init(10, 5, 1, 0), expected: "local"),
        Row(
            name: "a link that is not ours is not replaced by the subnet that a client names", link: .init(172, 16, 0, 0),
            selection: .init(10, 5, 0, 0), expected: nil),
        Row(name: "the subnet that a client names goes before giaddr", relay: .init(10, 0, 0, 9), selection: .init(10, 5, 1, 0), expected: "farther"),
        Row(
            name: "a named subnet that is not ours is not replaced by giaddr", relay: .init(10, 5, 0, 1), selection: .init(172, 16, 0, 0),
            expected: nil),
        Row(name: "subnet selection", selection: .init(10, 5, 0, 0), expected: "far"),
        Row(name: "a relay nobody knows", relay: .init(172, 16, 0, 1), expected: nil),
        Row(name: "a unicast renewal from behind a relay", client: .init(10, 5, 0, 9), wasBroadcast: false, expected: "far"),
        Row(name: "a rebinding client that moved here", client: .init(10, 5, 0, 9), expected: "local"),
    ]

    @Test("The subnet is chosen by the strongest sign", arguments: rows)
    func choose(_ row: Row) throws {
        let plans = try [("far", "10.5.0.0/16"), ("local", "10.0.0.0/24"), ("farther", "10.5.1.0/24")].map {
            SubnetPlan(name: $0, prefix: try #require(IPv4Prefix($1)), pools: [])
        }
        let origin = RequestOrigin(
            relayAddress: row.relay, linkSelection: row.link, subnetSelection: row.selection, clientAddress: row.client,
            wasBroadcast: row.wasBroadcast, interfaceAddresses: [.init(192, 168, 0, 1), .init(10, 0, 0, 1)])
        #expect(SubnetChoice(plans).subnet(for: origin)?.plan.name == row.expected)
    }

    @Test("No pool gives the network or the broadcast address, however it is written")
    func edges() throws {
        let prefix = try #require(IPv4Prefix("10.0.0.0/30"))
        let subnet = ServedSubnet(SubnetPlan(name: "tiny", prefix: prefix, pools: [prefix.network...prefix.broadcast]))
        var table = LeaseTable()
        #expect(try table.lease(to: client(1), in: subnet, now: 0).address == IPv4Address(10, 0, 0, 1))
        #expect(try table.lease(to: client(2), in: subnet, now: 0).address == IPv4Address(10, 0, 0, 2))
        #expect(throws: LeaseRefusal.poolExhausted(subnet: "tiny")) { try table.offer(to: client(3), in: subnet, now: 0) }
    }

    @Test("Several pools are used one after another, up to the last address there is")
    func pools() throws {
        let prefix = try #require(IPv4Prefix("255.255.255.0/24"))
        let pools = [
            IPv4Address(255, 255, 255, 10)...IPv4Address(255, 255, 255, 10), IPv4Address(255, 255, 255, 254)...IPv4Address.broadcast,
        ]
        let subnet = ServedSubnet(SubnetPlan(name: "end", prefix: prefix, pools: pools))
        var table = LeaseTable()
        #expect(try table.lease(to: client(1), in: subnet, now: 0).address == IPv4Address(255, 255, 255, 10))
        #expect(try table.lease(to: client(2), in: subnet, now: 0).address == IPv4Address(255, 255, 255, 254))
        #expect(throws: LeaseRefusal.self) { try table.offer(to: client(3), in: subnet, now: 0) }
    }
}
