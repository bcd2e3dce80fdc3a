package import Primitives

/// What is done about a machine that answers for an address which we may give.
package enum ProbeFinding: Sendable, Hashable {
    /// Nobody gets it for a time: to be made durable, as after a DHCPDECLINE.
    case quarantined(LeaseChange)
    /// Who last had it uses it beyond the lease: it is kept for that one, in memory.
    case kept(Lease)
    /// It is leased, or quarantined already.
    case known
}

extension LeaseTable {
    /// A machine answers for an address that was free when it was asked.
    package mutating func quarantine(
        _ address: IPv4Address, usedBy hardwareAddress: HardwareAddress, now: Int64, quarantine: UInt32 = 3600
    ) -> ProbeFinding {
        let record = records[address]
        let expires = Lease.expiry(after: quarantine, from: now)
        // An offer that another machine answers for will be declined or refused: better now.
        let isTaken = record?.anyClaim { $0.isHeld(at: now) && ($0.state != .offered || $0.hardwareAddress == hardwareAddress) } ?? false
        if isTaken { return .known }
        if var last = record?.current, last.hardwareAddress == hardwareAddress {
            (last.state, last.expires) = (.offered, expires)
            set(Record(current: last, durable: record?.durable, pending: record?.pending ?? []), at: address)
            return .kept(last)
        }
        let lease = Lease(address: address, client: LeaseClient(hardwareAddress: hardwareAddress), expires: expires, state: .declined)
        set(Record(current: lease, durable: record?.durable, pending: (record?.pending ?? []) + [lease]), at: address)
        return .quarantined(LeaseChange([lease]))
    }
}
