import HostContract

/// What an upgrade has room in: ordinary memory, and the region that outlives the kernel.
struct FreeMemory {
    /// Bytes.
    let ordinary: UInt64
    /// Bytes; `nil` where no region is set aside.
    let kept: UInt64?

    init(in root: HostRoot) {
        ordinary = InventoryReader(root: root).memoryAvailable ?? 0
        kept = PersistentMemory(root: root).status?.free
    }

    /// What was taken since, for the timeline.
    func taken(in root: HostRoot) -> String {
        let now = FreeMemory(in: root)
        func mebibytes(_ before: UInt64, _ after: UInt64) -> UInt64 { before > after ? (before - after) >> 20 : 0 }
        let parts =
            ["\(mebibytes(ordinary, now.ordinary)) MiB of memory"] + (kept.map { ["\(mebibytes($0, now.kept ?? $0)) MiB of the region"] } ?? [])
        return "the next system has taken " + parts.joined(separator: ", ")
    }
}
