package import Primitives

/// How a client asks for an address that it names (RFC 2131 section 4.3.2).
package enum LeaseRequestKind: Sendable, Hashable {
    /// It took our offer.
    case selecting
    /// It had the address before it restarted.
    case rebooting
    /// It is using the address (RENEWING or REBINDING).
    case renewing
}

extension LeaseTable {
    /// What a DHCPREQUEST asks for, as a change that must be durable before the DHCPACK leaves.
    ///
    /// A reservation made meanwhile does not take the address from under a running host: it keeps what it has until it restarts.
    package mutating func request(
        _ address: IPv4Address, kind: LeaseRequestKind, by client: LeaseClient, in subnet: ServedSubnet, now: Int64
    ) throws(LeaseRefusal) -> LeaseChange {
        if let obstacle = obstacle(to: client, having: address, in: subnet, now: now) { throw obstacle }
        if kind != .renewing, let reserved = subnet.reservation(of: client), reserved != address,
            obstacle(to: client, having: reserved, in: subnet, now: now) == nil
        {
            throw .reservedElsewhere(address, reserved: reserved)
        }
        let record = records[address]
        let isOwn = record?.current.hardwareAddress == client.hardwareAddress || record?.durable?.hardwareAddress == client.hardwareAddress
        // An offer may have been forgotten by a restart of ours, and the address is free: only the other kinds need a record.
        guard isOwn || kind == .selecting || subnet.reservation(of: client) == address else { throw .leaseUnknown(address) }

        var named = client
        if isOwn, let before = record?.current {
            // The next stage of the same host must find that the address was reserved for this identifier.
            var known: String?
            if case .clientIdentifier(let owner)? = subnet.owners[address] { known = owner }
            named = client.remembering(before, clientIdentifier: known)
        }
        let lease = Lease(address: address, client: named, expires: Lease.expiry(after: subnet.plan.leaseTime, from: now), state: .bound)
        var changed = [lease]
        for other in addresses(of: client.hardwareAddress) ?? AddressList(address) where other != address && subnet.plan.prefix.contains(other) {
            guard let superseded = records[other]?.current, superseded.isInUse(at: now) else { continue }
            changed.append(Self.ended(superseded, as: .released, expires: now))
        }
        withdrawOffers(to: client.hardwareAddress, in: subnet, except: address)
        for lease in changed.dropFirst() { expect(lease) }
        let before = record?.pending ?? []
        // Nearly always what the change holds, without a list of its own.
        let pending = before.isEmpty && changed.count == 1 ? changed : before + [lease]
        set(Record(current: lease, durable: record?.durable, pending: pending), at: address)
        return LeaseChange(changed)
    }

    /// DHCPRELEASE (RFC 2131 section 4.3.4). The record stays, so that the client gets the same address again.
    package mutating func release(_ address: IPv4Address, by client: LeaseClient, now: Int64) throws(LeaseRefusal) -> LeaseChange {
        let record = try held(address, by: client, now: now)
        guard record.current.state == .bound else { throw .leaseUnknown(address) }
        return end(record, as: .released, expires: now)
    }

    /// DHCPDECLINE (section 4.3.3): something else answers for the address, so nobody gets it for `quarantine` seconds.
    /// A client beyond `QuarantineCounts.mostOfOneMachine` keeps what it has.
    package mutating func decline(
        _ address: IPv4Address, by client: LeaseClient, now: Int64, quarantine: UInt32 = 3600
    ) throws(LeaseRefusal) -> LeaseChange {
        let record = try held(address, by: client, now: now)
        guard record.current.state != .declined else { throw .quarantined(address) }
        guard quarantined(by: client.hardwareAddress, at: now) < QuarantineCounts.mostOfOneMachine else { throw .tooManyDeclined(address) }
        return end(record, as: .declined, expires: Lease.expiry(after: quarantine, from: now))
    }

    private func held(_ address: IPv4Address, by client: LeaseClient, now: Int64) throws(LeaseRefusal) -> Record {
        guard let record = records[address] else { throw .leaseUnknown(address) }
        guard record.current.hardwareAddress == client.hardwareAddress else {
            if record.current.isHeld(at: now) { throw .heldByAnother(address, record.current.hardwareAddress) }
            throw .leaseUnknown(address)
        }
        guard record.current.isHeld(at: now) else { throw .leaseUnknown(address) }
        return record
    }

    mutating func end(_ record: Record, as state: Lease.State, expires: Int64) -> LeaseChange {
        let lease = Self.ended(record.current, as: state, expires: expires)
        set(Record(current: lease, durable: record.durable, pending: record.pending + [lease]), at: lease.address)
        return LeaseChange([lease])
    }

    private static func ended(_ lease: Lease, as state: Lease.State, expires: Int64) -> Lease {
        var lease = lease
        (lease.state, lease.expires) = (state, expires)
        return lease
    }
}
