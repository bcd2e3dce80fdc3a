/// Where the memory of a running guest lies.
package enum GuestMemoryPlace: String, Codable, Sendable {
    /// In the kernel's own: it goes when the kernel goes.
    case ordinary
    /// In memory that is set aside at the start (`memmap=`), and outlives a change of the kernel.
    case kept
}

/// A file system on a disk in the host that a storage pool of its documents lies in: guests can be saved there while the kernel changes.
package struct LocalFileSystem: Codable, Sendable, Hashable {
    /// Where it is mounted.
    package var path: String
    /// Bytes that nothing uses.
    package var free: UInt64
    package init(path: String, free: UInt64) { (self.path, self.free) = (path, free) }

    /// Bytes that stay free on it beside all that is known of: libvirt's own state, and guests' disks beside it.
    package static let reserve: UInt64 = 64 << 20
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
