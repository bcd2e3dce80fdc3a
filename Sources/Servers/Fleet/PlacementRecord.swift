package import FleetModel

/// Where a guest may run, as it is kept under `placements/<guest>`.
package struct PlacementRecord: Codable, Sendable, Hashable {
    package var host: HostID
    package var generation: UInt64
    /// The host that held the placement before, until it says that the guest no longer runs there. While it is set the guest starts nowhere else.
    package var awaiting: HostID?
    /// Milliseconds since 1970: only a report that is younger counts as the release.
    package var since: Int64

    /// The same placement once its former host has let go of the guest.
    func released(now: Int64) -> PlacementRecord { PlacementRecord(host: host, generation: generation, awaiting: nil, since: now) }

    package init(host: HostID, generation: UInt64, awaiting: HostID?, since: Int64) {
        (self.host, self.generation, self.awaiting, self.since) = (host, generation, awaiting, since)
    }
}
