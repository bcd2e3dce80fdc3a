package import Primitives

/// Why a lease cannot be taken back.
package enum RevocationRefusal: Error, Hashable, Sendable {
    case unknown
    /// It was given back, or its time is over: nothing holds the address.
    case ended(Lease)
}

/// How a lease was taken back.
package enum Revocation: Sendable, Hashable {
    /// It must be durable first.
    case change(LeaseChange)
    /// An offer, which was in memory only.
    case withdrawn(Lease)
}

extension LeaseTable {
    /// Takes an address back that nobody uses any more: a lease, an offer, or one that was declined. Its holder may ask for it again.
    package mutating func revoke(_ address: IPv4Address, now: Int64) throws(RevocationRefusal) -> Revocation {
        guard let record = records[address] else { throw .unknown }
        guard record.current.isHeld(at: now) else { throw .ended(record.current) }
        guard record.current.state != .offered else {
            set(record.fallback, at: address)
            return .withdrawn(record.current)
        }
        return .change(end(record, as: .released, expires: now))
    }
}
