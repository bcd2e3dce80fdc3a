/// Where the memory of a running guest lies.
package enum GuestMemoryPlace: String, Codable, Sendable {
    /// In the kernel's own: it goes when the kernel goes.
    case ordinary
    /// In memory that is set aside at the start (`memmap=`), and outlives a change of the kernel.
    case kept
}

/// Memory that a host sets aside for its guests, so that it outlives the kernel.
package struct GuestMemoryStatus: Codable, Sendable, Hashable {
    /// Bytes, of all regions.
    package var bytes: UInt64
    /// Bytes that nothing uses.
    package var free: UInt64
    /// Those of them where root images and guests' states go, the first region; `nil` where there is one only.
    package var freeForSystems: UInt64?
    package init(bytes: UInt64, free: UInt64, freeForSystems: UInt64? = nil) {
        (self.bytes, self.free, self.freeForSystems) = (bytes, free, freeForSystems)
    }
}
