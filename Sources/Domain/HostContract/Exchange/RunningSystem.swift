package import Primitives

/// The system that a host shows it runs.
package struct RunningSystem: Codable, Sendable, Hashable {
    /// Of the root file system.
    package var root: Digest?
    /// What `uname -r` prints.
    package var kernelRelease: String
    /// Roots that are held in memory, this one included.
    package var roots: [RootInMemory]
    /// Bytes (MemAvailable).
    package var memoryAvailable: UInt64?
    /// The methods that this agent can carry out.
    package var methods: [UpgradeMethod]
    /// The memory that is set aside for guests; `nil` where there is none.
    package var guestMemory: GuestMemoryStatus?
    /// Where guests can be saved instead; `nil` where memory is set aside, and from agents that do not know how.
    package var localFileSystems: [LocalFileSystem]?

    package init(
        root: Digest?, kernelRelease: String, roots: [RootInMemory] = [], memoryAvailable: UInt64? = nil, methods: [UpgradeMethod] = [],
        guestMemory: GuestMemoryStatus? = nil, localFileSystems: [LocalFileSystem]? = nil
    ) {
        (self.guestMemory, self.localFileSystems) = (guestMemory, localFileSystems)
        (self.root, self.kernelRelease, self.roots) = (root, kernelRelease, roots)
        (self.memoryAvailable, self.methods) = (memoryAvailable, methods)
    }
}

/// A root image that costs memory.
package struct RootInMemory: Codable, Sendable, Hashable {
    package var root: Digest
    package var bytes: Int64
    /// True while something runs from it: the system itself, or a guest that was started under it.
    package var isInUse: Bool
    package init(root: Digest, bytes: Int64, isInUse: Bool) { (self.root, self.bytes, self.isInUse) = (root, bytes, isInUse) }
}

/// How far an order has come; the last step before the host leaves its system is in the timeline only.
package struct UpgradeStatus: Codable, Sendable, Hashable {
    package var order: String
    /// Why it was given up, with everything put back; `nil` while it goes on.
    package var failure: String?
    package init(order: String, failure: String? = nil) { (self.order, self.failure) = (order, failure) }
}
