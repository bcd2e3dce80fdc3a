package import FleetModel
package import HostContract
package import Primitives

/// One line of `bennu host list`.
package struct HostSummary: Codable, Sendable, Hashable {
    package var id: HostID
    package var name: String?
    package var state: HostState
    package var phase: BootRecord.Phase?
    package var address: IPv4Address?
    package var claims: HostClaims
    /// The image reference that its documents choose.
    package var image: String?
    /// True where what it runs is not what it should run.
    package var drift: Bool
    package var guestsRunning: Int
    /// Milliseconds since 1970.
    package var lastReport: Int64?
    /// Where it waits to download; `nil` when it does not.
    package var queue: QueuePlace?

    package init(
        id: HostID, name: String?, state: HostState, phase: BootRecord.Phase?, address: IPv4Address?, claims: HostClaims, image: String?,
        drift: Bool, guestsRunning: Int, lastReport: Int64?, queue: QueuePlace? = nil
    ) {
        self.queue = queue
        (self.id, self.name, self.state, self.phase, self.address) = (id, name, state, phase, address)
        (self.claims, self.image, self.drift, self.guestsRunning, self.lastReport) = (claims, image, drift, guestsRunning, lastReport)
    }
}

/// `bennu host show`: everything that the servers hold about a host.
package struct HostDetail: Codable, Sendable, Hashable {
    package var summary: HostSummary
    package var record: HostRecord
    package var assignment: Assignment?
    /// Why it would not boot now, in a person's words.
    package var obstacle: String?
    package var settings: HostSettings?
    /// Of the documents that `settings` came from.
    package var revision: UInt64
    /// Memory for guests that outlives the kernel; `nil` where no document asks for it.
    package var guestMemory: GuestMemoryOutlook?

    package struct Assignment: Codable, Sendable, Hashable {
        package var reference: String
        package var image: Digest
        package var bootHash: String
        package var liveHash: String
        package init(reference: String, image: Digest, bootHash: String, liveHash: String) {
            (self.reference, self.image, self.bootHash, self.liveHash) = (reference, image, bootHash, liveHash)
        }
    }

    package init(
        summary: HostSummary, record: HostRecord, assignment: Assignment?, obstacle: String?, settings: HostSettings?, revision: UInt64,
        guestMemory: GuestMemoryOutlook? = nil
    ) {
        self.guestMemory = guestMemory
        (self.summary, self.record, self.assignment) = (summary, record, assignment)
        (self.obstacle, self.settings, self.revision) = (obstacle, settings, revision)
    }
}
