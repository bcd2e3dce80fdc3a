import AddressPlan
import Primitives

extension Scene {
    /// A site of every kind of subnet: small pools, so that they are soon empty.
    static var plans: [SubnetPlan] {
        var rack = plan("rack", "10.0.0.0/24", first: 100, last: 103)
        rack.reservations = [HardwareAddress(value: 0x5254_0012_3456): IPv4Address(10, 0, 0, 9)]
        rack.uuidReservations = UniversalUniqueIdentifier("11223344-5566-7788-99aa-bbccddeeff00").map { [$0: IPv4Address(10, 0, 0, 10)] } ?? [:]
        rack.identifierReservations = ["01525400000001": IPv4Address(10, 0, 0, 11)]
        rack.circuitReservations = [RelayCircuit(circuit: "65746831"): IPv4Address(10, 0, 0, 12)]
        (rack.mostStrangers, rack.mostStrangersPerCircuit, rack.sharedNetwork) = (2, 1, "wire")
        rack.routes = IPv4Prefix("172.16.0.0/12").map { [SubnetRoute(destination: $0, router: IPv4Address(10, 0, 0, 1))] } ?? []
        rack.options = [43: Array(repeating: 1, count: 255), 224: Array(repeating: 2, count: 300)]
        var neighbour = plan("neighbour", "10.1.0.0/24", first: 100, last: 100)
        neighbour.sharedNetwork = "wire"
        var proxied = plan("proxied", "10.3.0.0/24", first: 100, last: 110)
        proxied.mode = .proxy
        var external = plan("external", "10.4.0.0/24", first: 100, last: 110)
        external.mode = .external
        var closed = plan("closed", "10.5.0.0/24", first: 100, last: 110)
        closed.ignoresUnknownHosts = true
        return [
            rack, neighbour, plan("wide", "10.128.0.0/9", first: 2, last: 65_535, leaseTime: .max), proxied, external, closed,
            plan("point", "10.6.0.0/31", first: 0, last: 1), plan("everything", "0.0.0.0/0", first: 1, last: .max - 1, leaseTime: 0),
        ]
    }

    private static func plan(_ name: String, _ network: String, first: UInt32, last: UInt32, leaseTime: UInt32 = 3600) -> SubnetPlan {
        guard let prefix = IPv4Prefix(network), let lower = prefix.network.advanced(by: first), let upper = prefix.network.advanced(by: last) else {
            preconditionFailure("\(network) is no network")
        }
        return SubnetPlan(
            name: name, prefix: prefix, pools: [lower...upper], routers: [lower], nameServers: [lower, upper], timeServers: [upper],
            domainName: "rack.example", leaseTime: leaseTime)
    }
}
