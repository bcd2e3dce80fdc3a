import Primitives

/// The UUID of a guest whose document gives none: always the same for the same name, so that libvirt sees one guest wherever it runs.
enum GuestUUID {
    /// Version 8 (RFC 9562 section 5.8) from the 128-bit FNV-1a hash of `bennu guest` and the name. FNV is no cryptographic hash: who
    /// chooses names can choose collisions, and `DocumentSet.validate()` reports them as any UUID given twice.
    static func derived(from name: String) -> UniversalUniqueIdentifier {
        let prime: UInt128 = 1 << 88 | 0x13b
        var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        for byte in "bennu guest \(name)".utf8 { hash = (hash ^ UInt128(byte)) &* prime }
        let high = UInt64(truncatingIfNeeded: hash >> 64) & ~0xf000 | 0x8000
        let low = UInt64(truncatingIfNeeded: hash) & (1 << 62 - 1) | 1 << 63
        return UniversalUniqueIdentifier(high: high, low: low)
    }
}
