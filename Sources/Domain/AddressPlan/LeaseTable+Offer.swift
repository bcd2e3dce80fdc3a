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
        guard let addresses = addresses(of: hardwareAddress) else { return }
        for address in addresses where address != kept && subnet.plan.prefix.contains(address) {
            guard let record = records[address], record.current.state == .offered else { continue }
            set(record.fallback, at: address)
        }
    }

    private mutating func choose(
        for client: LeaseClient, in subnet: ServedSubnet, requested: IPv4Address?, now: Int64
    ) throws(LeaseRefusal) -> IPv4Address {
        if let reserved = subnet.reservation(of: client), obstacle(to: client, having: reserved, in: subnet, now: now) == nil {
            return reserved
        }
        if let own = ownAddress(of: client, in: subnet, now: now) { return own }
        if let requested, obstacle(to: client, having: requested, in: subnet, now: now) == nil, !isRemembered(requested) {
            return requested
        }
        guard let free = freeAddress(in: subnet, now: now) else { throw .poolExhausted(subnet: subnet.plan.name) }
        return free
    }

    /// What the client has or last had here: a lease in use before an offer, that before what has ended, the latest first.
    private func ownAddress(of client: LeaseClient, in subnet: ServedSubnet, now: Int64) -> IPv4Address? {
        func rank(_ lease: Lease) -> Int { lease.isInUse(at: now) ? 0 : lease.state == .offered ? 1 : 2 }
        var best: Lease?
        guard let addresses = addresses(of: client.hardwareAddress) else { return nil }
        for address in addresses where subnet.plan.prefix.contains(address) {
            guard let lease = records[address]?.current, obstacle(to: client, having: address, in: subnet, now: now) == nil else { continue }
            if let best, (rank(best), -best.expires) <= (rank(lease), -lease.expires) { continue }
            best = lease
        }
        return best?.address
    }

    /// Somebody had the address and may come back for it.
    private func isRemembered(_ address: IPv4Address) -> Bool { records[address] != nil }

    /// Why this client cannot have this address now; `nil` when it can.
    package func obstacle(to client: LeaseClient, having address: IPv4Address, in subnet: ServedSubnet, now: Int64) -> LeaseRefusal? {
        guard subnet.plan.prefix.contains(address) else { return .addressOutsideSubnet(address, subnet: subnet.plan.name) }
        let record = records[address]
        let lease = record?.current
        if let owner = subnet.owners[address] {
            // The running system sends no UUID and another identifier than the firmware, and its renewals pass no relay: its NIC keeps
            // what it got with them.
            let remembered = lease.flatMap { $0.hardwareAddress == client.hardwareAddress ? $0 : nil }
            guard owner.is(client) || remembered.map({ owner.remembers(client, by: $0) }) ?? false else { return .reservedForAnother(address) }
        } else if !subnet.isInPool(address) {
            return .addressNotInPool(address, subnet: subnet.plan.name)
        }
        // What the store has or may yet take counts as well: until a release is durable, a restart would bring the lease back.
        var refusal: LeaseRefusal?
        _ = record?.anyClaim { held in
            guard held.isHeld(at: now) else { return false }
            if held.state == .declined {
                refusal = .quarantined(address)
            } else if held.hardwareAddress != client.hardwareAddress {
                refusal = .heldByAnother(address, held.hardwareAddress)
            }
            return refusal != nil
        }
        return refusal
    }
}

extension ServedSubnet.Owner {
    func `is`(_ client: LeaseClient) -> Bool {
        switch self {
        case .hardwareAddress(let owner): owner == client.hardwareAddress
        case .uuid(let owner): owner == client.uuid
        case .clientIdentifier(let owner): owner == client.clientIdentifier
        case .circuit(let owner): client.circuit.map(owner.covers) ?? false
        }
    }

    /// Whether the client's own lease says that it was the owner. A UUID or a circuit that the message has goes before.
    func remembers(_ client: LeaseClient, by lease: Lease) -> Bool {
        switch self {
        case .hardwareAddress: false
        case .uuid(let owner): client.uuid == nil && owner == lease.uuid
        case .clientIdentifier(let owner): owner == lease.clientIdentifier
        case .circuit(let owner): client.circuit == nil && lease.circuit.map(owner.covers) ?? false
        }
    }
}

extension RelayCircuit {
    /// A reservation that names no switch covers the port of that name on every one.
    func covers(_ other: RelayCircuit) -> Bool { circuit == other.circuit && (remote == nil || remote == other.remote) }
}
