package import HostContract

extension GuestMemoryRegion {
    /// Bytes of RAM that stay the system's.
    package static let leastForSystem: UInt64 = 768 << 20
    /// The first bytes of RAM: kernels unpack themselves, and keep what only reaches 32 bits, down there.
    static let lowReserve: UInt64 = 512 << 20
    /// At the end of a range below 4 GiB: boot loaders put the initrd there.
    static let topReserve: UInt64 = 384 << 20
    private static let fourGiB: UInt64 = 4 << 30

    /// Places a region in a host's RAM: the first fit at or above 4 GiB, else the first below. The same map and size give the same place.
    /// - Parameters:
    ///   - mebibytes: a multiple of 128.
    ///   - map: the firmware's, which `memmap=` does not change.
    package static func place(mebibytes: Int, in map: [Inventory.MemoryRange]) throws(GuestMemoryRefusal) -> GuestMemoryRegion {
        let bytes = UInt64(clamping: mebibytes) << 20
        let memory = map.filter { $0.kind == "System RAM" && $0.end >= $0.start }.sorted { $0.start < $1.start }
        let total = memory.reduce(UInt64(0)) { sum, range in
            let (result, overflows) = sum.addingReportingOverflow(range.end - range.start + (range.end - range.start == .max ? 0 : 1))
            return overflows ? .max : result
        }
        guard total > 0 else { throw .memoryMapUnknown }
        guard total >= bytes, total - bytes >= leastForSystem else { throw .tooLittleMemory(total: total, asked: bytes) }
        let windows = memory.compactMap(high) + memory.compactMap(low)
        guard let window = windows.first(where: { $0.bytes >= bytes }) else {
            throw .noRange(asked: bytes, largest: min(windows.map(\.bytes).max() ?? 0, (total - leastForSystem) / alignment * alignment))
        }
        return GuestMemoryRegion(start: window.start, bytes: bytes)
    }

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
