package import Primitives

/// The names a virtual host shows to a boot server, derived from the rack's name and the host's number, so that a host which is taken down
/// and brought up again is the same host to whoever knew it: a new UUID under a known hardware address would be a conflict of claims.
package enum VirtualHostIdentity {
    /// `52:54:00:RR:HH:NN`: QEMU's prefix, eight bits of the rack's name, the host's number from 1, the interface's number from 0. Host 0
    /// is the bridge.
    package static func hardwareAddress(rack: RackName, host: Int, interface: Int) -> HardwareAddress {
        let parts: [UInt64] = [0x52_5400, fold(rack.description) >> 56, UInt64(clamping: host) & 0xff, UInt64(clamping: interface) & 0xff]
        return HardwareAddress(value: parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3])
    }

    /// A UUID of version 8 (RFC 9562 section 5.8: the bits are the maker's).
    package static func uuid(rack: RackName, host: Int) -> UniversalUniqueIdentifier {
        let high = fold("uuid-high \(rack) \(host)")
        let low = fold("uuid-low \(rack) \(host)")
        return UniversalUniqueIdentifier(
            high: high & 0xffff_ffff_ffff_0fff | 0x8000, low: low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
    }

    /// FNV-1a, then a finalizer (MurmurHash3's), because FNV alone leaves the high bits of short texts alike.
    private static func fold(_ text: String) -> UInt64 {
        var hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ hash >> 33
    }
}
