package import Primitives

/// Every lease and offer, by address and by hardware address. A value: one thread owns it, and time is an input.
///
/// Changes that must be durable before they are told to the client come out as a `LeaseChange`; its owner reports `confirm` or `revert`.
/// Until then the table already acts as if the change held, so that nobody else is given the address.
package struct LeaseTable: Sendable {
    struct Record: Sendable {
        var current: Lease
        /// What the store has.
        var durable: Lease?
        /// What is on its way to the store, oldest first. The same lease may be among it twice.
        var pending: [Lease] = []

        /// Everything that is, or may turn out to be, the truth about the address, until `body` says that it has seen enough.
        func anyClaim(_ body: (Lease) -> Bool) -> Bool {
            if body(current) { return true }
            for lease in pending where body(lease) { return true }
            return durable.map(body) ?? false
        }
        /// When the address is nobody's any more, by everything that is or may turn out to be true; for what was given back, when that was.
        var freeFrom: Int64 {
            var end = max(current.expires, durable?.expires ?? current.expires)
            for lease in pending { end = max(end, lease.expires) }
            return end
        }
        /// What holds when `current` does not; `nil` when nothing is left.
        var fallback: Record? {
            (pending.last ?? durable).map { Record(current: $0, durable: durable, pending: pending) }
        }
    }

    private(set) var records = NumberTable<Record>()
    private var addresses = NumberTable<AddressList>()
    /// Addresses whose record is an offer, so that forgetting old ones does not walk all leases.
    private var offered = NumberTable<Void>()
    /// Where each subnet's search for a free address goes on.
    var searches = PoolSearches()

    package init() {}

    /// Takes what the store had at start.
    package init(stored leases: some Sequence<Lease>) {
        for lease in leases where lease.state != .offered { set(Record(current: lease, durable: lease), at: lease.address) }
    }

    package var leases: [Lease] { records.values.map(\.current).sorted { $0.address < $1.address } }
    package var count: Int { records.count }

    package func lease(at address: IPv4Address) -> Lease? { records[address]?.current }

    /// Leases, offers and quarantines that are in force, in no order.
    package func forEachHeld(at now: Int64, _ body: (Lease) -> Void) {
        for record in records.values where record.current.isHeld(at: now) { body(record.current) }
    }

    /// Leases and offers of one NIC, in the order in which they were made.
    package func leases(of hardwareAddress: HardwareAddress) -> [Lease] {
        addresses[hardwareAddress]?.compactMap { records[$0]?.current } ?? []
    }

    /// Until when a NIC holds its last address; `nil` when it holds none now. Where a prefix is given, only addresses in it count. What it
    /// declined is not its own.
    package func end(of hardwareAddress: HardwareAddress, within prefix: IPv4Prefix? = nil, at now: Int64) -> Int64? {
        guard let addresses = addresses[hardwareAddress] else { return nil }
        var last: Int64?
        for address in addresses where prefix?.contains(address) ?? true {
            guard let lease = records[address]?.current, lease.state != .declined, lease.isHeld(at: now) else { continue }
            last = max(last ?? lease.expires, lease.expires)
        }
        return last
    }

    /// Whether the NIC may be using an address of ours: it took one, and has it still.
    package func hasLease(_ hardwareAddress: HardwareAddress, at now: Int64) -> Bool {
        addresses[hardwareAddress]?.contains { records[$0]?.current.isInUse(at: now) ?? false } ?? false
    }

    /// How many addresses are quarantined because of this NIC.
    package func quarantined(by hardwareAddress: HardwareAddress, at now: Int64) -> Int {
        addresses[hardwareAddress]?.count { records[$0]?.current.isQuarantined(at: now) ?? false } ?? 0
    }

    func addresses(of hardwareAddress: HardwareAddress) -> AddressList? { addresses[hardwareAddress] }

    /// The one place that writes a record, so that both indexes agree.
    mutating func set(_ record: Record?, at address: IPv4Address) {
        let previous = records[address]?.current
        let (before, after) = (previous?.hardwareAddress, record?.current.hardwareAddress)
        records[address] = record
        searches.note(address, freeFrom: record?.freeFrom)
        if record?.current.state == .offered {
            offered[address] = ()
        } else if previous?.state == .offered {
            offered[address] = nil
        }
        guard before != after else { return }
        if let before { addresses[before] = addresses[before]?.without(address) }
        if let after, addresses.update(after.value, { $0.append(address) }) == nil { addresses[after] = AddressList(address) }
    }

    /// A lease that is on its way to the store and not yet what the table acts by.
    mutating func expect(_ lease: Lease) { _ = records.update(UInt64(lease.address.value)) { $0.pending.append(lease) } }

    /// The store has the change.
    package mutating func confirm(_ change: LeaseChange) {
        for lease in change.leases {
            let confirmed = records.update(UInt64(lease.address.value)) { record in
                record.removePending(lease)
                let isSuperseded = lease.state == .released && record.pending.isEmpty && record.current == record.durable
                record.durable = lease
                return (isSuperseded: isSuperseded && record.current.hardwareAddress == lease.hardwareAddress, freeFrom: record.freeFrom)
            }
            guard let confirmed else { continue }
            // A superseded lease is given up only now that its successor is durable.
            if confirmed.isSuperseded {
                set(Record(current: lease, durable: lease), at: lease.address)
            } else {
                searches.note(lease.address, freeFrom: confirmed.freeFrom)
            }
        }
    }

    /// The store did not take the change: what it has counts again, unless something newer is on its way.
    package mutating func revert(_ change: LeaseChange) {
        for lease in change.leases {
            guard var record = records[lease.address] else { continue }
            record.removePending(lease)
            let isNewest = record.current == lease && !record.pending.contains(lease)
            set(isNewest ? record.fallback : record, at: lease.address)
        }
    }

    /// The store has something else than we believed, and this is it.
    package mutating func replace(at address: IPv4Address, with stored: Lease?) {
        guard let stored else { return set(nil, at: address) }
        set(Record(current: stored, durable: stored, pending: records[address]?.pending ?? []), at: address)
    }

    /// Forgets offers that nobody took, so that a flood of DISCOVERs leaves nothing behind.
    package mutating func expireOffers(at now: Int64) {
        for key in offered.keys {
            let address = IPv4Address(value: UInt32(truncatingIfNeeded: key))
            guard let record = records[address], record.current.expires <= now else { continue }
            set(record.fallback, at: address)
        }
    }
}

extension LeaseTable.Record {
    mutating func removePending(_ lease: Lease) {
        guard let index = pending.firstIndex(of: lease) else { return }
        if pending.count == 1 { pending = [] } else { pending.remove(at: index) }
    }
}

/// Leases that the store must take together, before the client may know.
package struct LeaseChange: Sendable, Hashable {
    /// The lease that the change is about, then those of the same client that it makes obsolete. No address twice.
    package let leases: [Lease]

    package init(_ leases: [Lease]) { self.leases = leases }
}
