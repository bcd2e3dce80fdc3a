package import FleetModel
package import Primitives

extension DownloadSlots {
    /// What a host that was let through is to fetch: with the last of it, its slot is free.
    package mutating func expect(_ blobs: some Sequence<Digest>, by host: HostID) { slots[host]?.rest = Set(blobs) }

    /// A host will not download after all.
    package mutating func abandon(_ host: HostID, now: Int64) {
        release(host)
        settle(now: now)
    }

    /// A download has begun. One whose slot was lost, by time or with the server before, is not held up: it takes a slot beyond the limits.
    package mutating func began(_ request: Request, now: Int64) {
        if slots[request.host] == nil {
            guard isLimited(request.subnet) else { return }
            if let waiter = waiters[request.host] { remove(waiter) }
            hold(Slot(request: request, since: now, expires: now + Self.idle))
        }
        slots[request.host]?.keptFor = nil
        slots[request.host]?.transfers += 1
        renew(request.host, now: now)
    }

    /// Bytes were taken.
    package mutating func progressed(_ host: HostID, now: Int64) { renew(host, now: now) }

    /// - Parameter isComplete: false when it was broken off: its host has `idle` to go on.
    package mutating func ended(_ blob: Digest, of host: HostID, isComplete: Bool, now: Int64) {
        guard var slot = slots[host] else { return }
        slot.transfers = max(0, slot.transfers - 1)
        if isComplete { slot.rest.remove(blob) }
        slots[host] = slot
        if isComplete, slot.rest.isEmpty, slot.transfers == 0 { release(host) } else { renew(host, now: now) }
        settle(now: now)
    }

    private mutating func renew(_ host: HostID, now: Int64) {
        guard let slot = slots[host] else { return }
        slots[host]?.expires = min(now + Self.idle, slot.since + Self.longestSlot)
    }
}
