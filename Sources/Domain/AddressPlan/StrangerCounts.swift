import Primitives

/// Who of those that no document speaks of holds an address, by subnet and by relay circuit. A machine that invents hardware addresses gets
/// as many as its limits say, and the rest of the pools stays for others. What a stranger declined counts as held until its quarantine ends.
package struct StrangerCounts: Sendable {
    /// By `IPv4Prefix.number`. In each, strangers by hardware address and what they declined by `key(_:)`.
    private var bySubnet = NumberTable<HolderCounts>()
    private var byCircuit = CircuitCounts()

    package init() {}

    /// Beyond every hardware address.
    private static func key(_ address: IPv4Address) -> UInt64 { 1 << 48 | UInt64(address.value) }

    /// Whether a stranger may have an address here, or has one already.
    package mutating func admits(_ client: LeaseClient, in subnet: ServedSubnet, now: Int64) -> Bool {
        let hardware = client.hardwareAddress.value
        if let most = subnet.plan.mostStrangers,
            bySubnet.update(subnet.plan.prefix.number, { $0.admits(hardware, most: most, now: now) }) == false
        {
            return false
        }
        guard let circuit = client.circuit, let most = subnet.plan.mostStrangersPerCircuit else { return true }
        return byCircuit.admits(hardware, at: circuit, most: most, now: now)
    }

    /// How many hold an address of the subnet now, or have one in quarantine.
    package func count(in subnet: ServedSubnet, at now: Int64) -> Int { bySubnet[subnet.plan.prefix.number]?.count(at: now) ?? 0 }

    /// The same at each relay circuit where there are any.
    package func countsByCircuit(at now: Int64) -> [RelayCircuit: Int] { byCircuit.counts(at: now) }

    /// Its address is free again before its time.
    package mutating func release(_ lease: Lease, in subnet: ServedSubnet) {
        release(lease.hardwareAddress.value, lease.circuit, in: subnet)
    }

    /// A stranger was offered or given an address until then.
    package mutating func hold(_ client: LeaseClient, in subnet: ServedSubnet, until end: Int64) {
        hold(client.hardwareAddress.value, client.circuit, in: subnet, until: end)
    }

    /// A stranger declined an address, which nobody gets for a time.
    package mutating func quarantine(_ lease: Lease, in subnet: ServedSubnet) {
        hold(Self.key(lease.address), lease.circuit, in: subnet, until: lease.expires)
    }

    /// A declined address is free again before its time.
    package mutating func endQuarantine(_ lease: Lease, in subnet: ServedSubnet) {
        release(Self.key(lease.address), lease.circuit, in: subnet)
    }

    private mutating func hold(_ key: UInt64, _ circuit: RelayCircuit?, in subnet: ServedSubnet, until end: Int64) {
        if subnet.plan.mostStrangers != nil {
            let number = subnet.plan.prefix.number
            if bySubnet.update(number, { $0.hold(key, until: end) }) == nil {
                var holders = HolderCounts()
                holders.hold(key, until: end)
                bySubnet[number] = holders
            }
        }
        guard subnet.plan.mostStrangersPerCircuit != nil, let circuit else { return }
        byCircuit.hold(key, at: circuit, until: end)
    }

    private mutating func release(_ key: UInt64, _ circuit: RelayCircuit?, in subnet: ServedSubnet) {
        let number = subnet.plan.prefix.number
        let isEmpty = bySubnet.update(number) { holders in
            holders.release(key)
            return holders.isEmpty
        }
        if isEmpty == true { bySubnet[number] = nil }
        if let circuit { byCircuit.release(key, at: circuit) }
    }
}
