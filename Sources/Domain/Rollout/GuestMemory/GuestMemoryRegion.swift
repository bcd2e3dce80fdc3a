/// A part of RAM that the kernel sets aside from its start, where guest memory outlives it.
package struct GuestMemoryRegion: Sendable, Hashable {
    /// Address of its first byte, and its length in bytes; both multiples of `alignment`.
    package let start: UInt64
    package let bytes: UInt64

    /// Of a memory section: the kernel maps persistent memory in units of 128 MiB (mm/memremap.c, SUBSECTION and SECTION sizes of x86-64).
    package static let alignment: UInt64 = 128 << 20
    package static let smallest: UInt64 = 256 << 20

    /// `memmap=nn[KMG]!ss[KMG]` (Documentation/admin-guide/kernel-parameters.txt): it appears as /dev/pmemN.
    package var argument: String { "memmap=\(bytes >> 20)M!\(start >> 20)M" }

    /// The arguments that take memory from the kernel, in their order: two systems with the same find the same memory.
    package static func arguments(among arguments: [String]) -> [String] { arguments.filter { $0.hasPrefix("memmap=") } }
}

/// Why a host starts without memory set aside, though its documents ask for it.
package enum GuestMemoryRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The host reported no RAM in its memory map.
    case memoryMapUnknown
    /// Bytes of RAM, and of the region: what is left would not do for the system.
    case tooLittleMemory(total: UInt64, asked: UInt64)
    /// No range of RAM holds it; the largest that could be placed, in bytes, 0 for none.
    case noRange(asked: UInt64, largest: UInt64)
    /// The documents' kernel arguments set memory aside by themselves.
    case argumentGiven(String)

    package var name: String {
        switch self {
        case .memoryMapUnknown: "memory-map-unknown"
        case .tooLittleMemory: "too-little-memory"
        case .noRange: "no-range"
        case .argumentGiven: "argument-given"
        }
    }

    package var description: String {
        switch self {
        case .memoryMapUnknown:
            "the memory map that this host reported has no RAM in it; does its kernel show /sys/firmware/memmap?"
        case .tooLittleMemory(let total, let asked):
            "of \(total >> 20) MiB of RAM, \(asked >> 20) MiB for guests would leave less than the "
                + "\(GuestMemoryRegion.leastForSystem >> 20) MiB that the system needs; ask for less guestMemory"
        case .noRange(let asked, let largest):
            "no range of RAM has room for \(asked >> 20) MiB; "
                + (largest == 0 ? "none can be set aside on this host" : "ask for guestMemory: \(largest >> 20)MiB or less")
        case .argumentGiven(let argument):
            "the kernel argument \(argument) sets memory aside already; remove it, or guestMemory"
        }
    }
}
