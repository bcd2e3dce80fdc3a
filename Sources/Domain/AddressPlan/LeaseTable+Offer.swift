package import Primitives

extension LeaseTable {
    /// An address for a DHCPDISCOVER (RFC 2131 section 4.3.1): the client's reservation, else what it has or last had, else what it asks for,
    /// else one from the pools: first those never used, then the one that has been free for longest.
    ///
    /// A live lease is offered as it is; anything else is held for `holding` seconds.
    package mutating func offer(
        to client: LeaseClient, in subnet: ServedSubnet, requested: IPv4Address? = nil, now: Int64, holding: UInt32 = 60
    ) throws(LeaseRefusal) -> Lease {
        let address = try choose(for: client, in: subnet, requested: requested, now: now)
        withdrawOffers(to: client.hardwareAddress, in: subnet, except: address)
        let record = records[address]
        if let current = record?.current, current.hardwareAddress == client.hardwareAddress, current.isInUse(at: now) { return current }
        let offer = Lease(address: address, client: client, expires: Lease.expiry(after: holding, from: now), state: .offered)
        set(Record(current: offer, durable: record?.durable, pending: record?.pending ?? []), at: address)
        return offer
    }

    /// The client took another server's offer, or another of ours.
    package mutating func withdrawOffers(to hardwareAddress: HardwareAddress, in subnet: ServedSubnet, except kept: IPv4Address? = nil) {
        for lease in leases(of: hardwareAddress) where lease.state == .offered && lease.address != kept {
            guard subnet.plan.prefix.contains(lease.address) else { continue }
            set(records[lease.address]?.fallback, at: lease.address)
        }
    }

    private mutating func choose(
        for client: LeaseClient, in subnet: ServedSubnet, requested: IPv4Address?, now: Int64
    ) throws(LeaseRefusal) -> IPv4Address {
        if let reserved = subnet.reservation(of: client), obstacle(to: client, having: reserved, in: subnet, now: now) == nil {
            return reserved
        }
        let own = leases(of: client.hardwareAddress).filter { subnet.plan.prefix.contains($0.address) }
        let rank: (Lease) -> Int = { $0.isInUse(at: now) ? 0 : $0.state == .offered ? 1 : 2 }
        let latestFirst = own.sorted { rank($0) != rank($1) ? rank($0) < rank($1) : $0.expires > $1.expires }
        for lease in latestFirst where obstacle(to: client, having: lease.address, in: subnet, now: now) == nil { return lease.address }
        if let requested, obstacle(to: client, having: requested, in: subnet, now: now) == nil, !isRemembered(requested) {
            return requested
        }
        guard let free = freeAddress(in: subnet, now: now) else { throw .poolExhausted(subnet: subnet.plan.name) }
        return free
    }

    /// Somebody had the address and may come back for it.
    private func isRemembered(_ address: IPv4Address) -> Bool { records[address] != nil }

    /// Why this client cannot have this address now; `nil` when it can.
    func obstacle(to client: LeaseClient, having address: IPv4Address, in subnet: ServedSubnet, now: Int64) -> LeaseRefusal? {
        guard subnet.plan.prefix.contains(address) else { return .addressOutsideSubnet(address, subnet: subnet.plan.name) }
        let lease = records[address]?.current
        switch subnet.owners[address] {
        case .hardwareAddress(let owner)?:
            if owner != client.hardwareAddress { return .reservedForAnother(address) }
        case .uuid(let owner)?:
            // The running system sends no UUID: its NIC keeps what the firmware got with it.
            let remembered = lease.flatMap { $0.hardwareAddress == client.hardwareAddress ? $0.uuid : nil }
            if owner != client.uuid ?? remembered { return .reservedForAnother(address) }
        case nil:
            if !subnet.isInPool(address) { return .addressNotInPool(address, subnet: subnet.plan.name) }
        }
        // What the store has or may yet take counts as well: until a release is durable, a restart would bring the lease back.
        for held in records[address]?.claims ?? [] where held.isHeld(at: now) {
            if held.state == .declined { return .quarantined(address) }
            if held.hardwareAddress != client.hardwareAddress { return .heldByAnother(address, held.hardwareAddress) }
        }
        return nil
    }
}
