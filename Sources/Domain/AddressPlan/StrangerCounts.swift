import Primitives

/// Who of those that no document speaks of holds an address, by subnet and by relay circuit. A machine that invents hardware addresses gets
/// as many as its limits say, and the rest of the pools stays for others.
package struct StrangerCounts: Sendable {
    /// Until when each has its address, by hardware address.
    private struct Holders: Sendable {
        var until = NumberTable<Int64>()
        /// Before this nobody's time ends: a flood must not have all of them looked at for each message.
        var nextEnd = Int64.max

        mutating func admits(_ client: HardwareAddress, most: Int, now: Int64) -> Bool {
            if until.count < most || until[client] != nil { return true }
            if now >= nextEnd { forgetEnded(at: now) }
            return until.count < most
        }

        private mutating func forgetEnded(at now: Int64) {
            var left = NumberTable<Int64>()
            nextEnd = .max
            for (key, end) in zip(until.keys, until.values) where end > now {
                left[key] = end
                nextEnd = min(nextEnd, end)
            }
            until = left
        }

        mutating func hold(_ client: HardwareAddress, until end: Int64) {
            until[client] = end
            nextEnd = min(nextEnd, end)
        }
    }

    /// By `IPv4Prefix.number`.
    private var bySubnet = NumberTable<Holders>()
    private var byCircuit: [RelayCircuit: Holders] = [:]

    package init() {}

    /// Whether a stranger may have an address here, or has one already.
    package mutating func admits(_ client: LeaseClient, in subnet: ServedSubnet, now: Int64) -> Bool {
        let hardware = client.hardwareAddress
        if let most = subnet.plan.mostStrangers,
            bySubnet.update(subnet.plan.prefix.number, { $0.admits(hardware, most: most, now: now) }) == false
        {
            return false
        }
        guard let circuit = client.circuit, let most = subnet.plan.mostStrangersPerCircuit else { return true }
        return byCircuit[circuit]?.admits(hardware, most: most, now: now) ?? true
    }

    /// Its address is free again before its time.
    package mutating func release(_ lease: Lease, in subnet: ServedSubnet) {
        bySubnet.update(subnet.plan.prefix.number) { $0.until[lease.hardwareAddress] = nil }
        if let circuit = lease.circuit { byCircuit[circuit]?.until[lease.hardwareAddress] = nil }
    }

    /// A stranger was offered or given an address until then.
    package mutating func hold(_ client: LeaseClient, in subnet: ServedSubnet, until end: Int64) {
        if subnet.plan.mostStrangers != nil {
            let key = subnet.plan.prefix.number
            if bySubnet.update(key, { $0.hold(client.hardwareAddress, until: end) }) == nil {
                var holders = Holders()
                holders.hold(client.hardwareAddress, until: end)
                bySubnet[key] = holders
            }
        }
        guard subnet.plan.mostStrangersPerCircuit != nil, let circuit = client.circuit else { return }
        byCircuit[circuit, default: Holders()].hold(client.hardwareAddress, until: end)
    }
}
