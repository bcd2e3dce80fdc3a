package import HostContract

extension GuestMemoryRegion {
    /// Bytes of RAM that stay the system's.
    package static let leastForSystem: UInt64 = 768 << 20
    /// The first bytes of RAM: kernels unpack themselves, and keep what only reaches 32 bits, down there.
    static let lowReserve: UInt64 = 512 << 20
    /// At the end of a range below 4 GiB: boot loaders put the initrd there.
    static let topReserve: UInt64 = 384 << 20
    private static let fourGiB: UInt64 = 4 << 30

    /// Places memory for guests in a host's RAM: a share near each processor socket where there are several and each has room for it, else one region.
    /// Each is the first fit at or above 4 GiB, else the first below. The same map, nodes and size give the same places.
    /// - Parameters:
    ///   - mebibytes: a multiple of 128.
    ///   - map: the firmware's, which `memmap=` does not change.
    ///   - nodes: the firmware's, too.
    /// - Returns: one for each node, in their order; root images and guests' states go to the first.
    package static func places(
        mebibytes: Int, in map: [Inventory.MemoryRange], nodes: [Inventory.MemoryNode] = []
    ) throws(GuestMemoryRefusal) -> [GuestMemoryRegion] {
        let bytes = UInt64(clamping: mebibytes) << 20
        let memory = map.filter { $0.kind == "System RAM" && $0.end >= $0.start }.sorted { $0.start < $1.start }
        let total = memory.reduce(UInt64(0)) { sum, range in
            let (result, overflows) = sum.addingReportingOverflow(range.end - range.start + (range.end - range.start == .max ? 0 : 1))
            return overflows ? .max : result
        }
        guard total > 0 else { throw .memoryMapUnknown }
        guard total >= bytes, total - bytes >= leastForSystem else { throw .tooLittleMemory(total: total, asked: bytes) }
        if let shares = shares(bytes, of: memory, nodes) { return shares }
        let windows = windows(in: memory)
        guard let window = windows.first(where: { $0.bytes >= bytes }) else {
            throw .noRange(asked: bytes, largest: min(windows.map(\.bytes).max() ?? 0, (total - leastForSystem) / alignment * alignment))
        }
        return [GuestMemoryRegion(start: window.start, bytes: bytes)]
    }

    /// - Returns: `nil` where there is one node, or one that has no room for its share.
    private static func shares(_ bytes: UInt64, of memory: [Inventory.MemoryRange], _ nodes: [Inventory.MemoryNode]) -> [GuestMemoryRegion]? {
        var parts: [Int: [Inventory.MemoryRange]] = [:]
        for node in nodes {
            for range in memory where max(range.start, node.start) <= min(range.end, node.end) {
                let (start, end) = (max(range.start, node.start), min(range.end, node.end))
                // Regions that touch would be one device to the kernel.
                guard end - start > alignment else { continue }
                parts[node.number, default: []].append(.init(start: start, end: end - alignment, kind: range.kind))
            }
        }
        guard parts.count > 1 else { return nil }
        let (units, count) = (bytes / alignment, UInt64(parts.count))
        var regions: [GuestMemoryRegion] = []
        for (index, part) in parts.sorted(by: { $0.key < $1.key }).enumerated() {
            let share = (units / count + (UInt64(index) < units % count ? 1 : 0)) * alignment
            guard share >= smallest, let window = windows(in: part.value.sorted { $0.start < $1.start }).first(where: { $0.bytes >= share }) else {
                return nil
            }
            // What firmware says of nodes may overlap, and regions that touch would be one device.
            guard !regions.contains(where: { $0.start <= window.start &+ share && window.start <= $0.start &+ $0.bytes }) else { return nil }
            regions.append(GuestMemoryRegion(start: window.start, bytes: share))
        }
        return regions
    }

    private static func windows(in memory: [Inventory.MemoryRange]) -> [GuestMemoryRegion] { memory.compactMap(high) + memory.compactMap(low) }

    /// The part of a range that lies at or above 4 GiB.
    private static func high(_ range: Inventory.MemoryRange) -> GuestMemoryRegion? {
        window(from: max(range.start, fourGiB), to: end(of: range))
    }

    private static func low(_ range: Inventory.MemoryRange) -> GuestMemoryRegion? {
        let end = min(end(of: range), fourGiB)
        return window(from: max(range.start, lowReserve), to: end > topReserve ? end - topReserve : 0)
    }

    /// One past the last byte; of a range that ends with all addresses, its last.
    private static func end(of range: Inventory.MemoryRange) -> UInt64 { range.end == .max ? .max : range.end + 1 }

    /// The whole units between two addresses; `nil` when there is not one.
    private static func window(from start: UInt64, to end: UInt64) -> GuestMemoryRegion? {
        let first = start.addingReportingOverflow(alignment - 1)
        guard !first.overflow else { return nil }
        let (begin, limit) = (first.partialValue / alignment * alignment, end / alignment * alignment)
        return limit > begin ? GuestMemoryRegion(start: begin, bytes: limit - begin) : nil
    }
}
