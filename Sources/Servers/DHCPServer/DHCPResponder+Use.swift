import AddressPlan
import OperatorTypes
import Primitives

extension DHCPResponder {
    /// How full the pools are: one look at each lease.
    func addressUse(at now: Int64) -> AddressUse {
        var counts: [ObjectIdentifier: (held: Int, declined: Int)] = [:]
        table.forEachHeld(at: now) { lease in
            guard let subnet = subnets.subnet(containing: lease.address), subnet.isInPool(lease.address) else { return }
            let isDeclined = lease.state == .declined
            counts[ObjectIdentifier(subnet), default: (0, 0)].held += isDeclined ? 0 : 1
            counts[ObjectIdentifier(subnet), default: (0, 0)].declined += isDeclined ? 1 : 0
        }
        var use = AddressUse()
        for subnet in subnets.subnets where subnet.plan.mode == .server {
            let (plan, count) = (subnet.plan, counts[ObjectIdentifier(subnet)] ?? (0, 0))
            use.subnets[plan.name] = AddressUse.Pool(
                addresses: plan.pools.reduce(0) { $0 + Int($1.upperBound.value - $1.lowerBound.value) + 1 }, held: count.held,
                declined: count.declined, strangers: strangers.count(in: subnet, at: now), mostStrangers: plan.mostStrangers,
                mostStrangersPerPort: plan.mostStrangersPerCircuit)
        }
        let ports = strangers.countsByCircuit(at: now).map {
            AddressUse.Port(circuit: $0.key.circuit, remote: $0.key.remote, strangers: $0.value)
        }
        use.ports = Array(
            ports.sorted { ($1.strangers, $0.circuit, $0.remote ?? "") < ($0.strangers, $1.circuit, $1.remote ?? "") }.prefix(AddressUse.mostPorts))
        return use
    }
}
