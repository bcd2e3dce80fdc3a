extension DHCPOptions {
    /// Bytes that `append(to:)` adds, the end mark included.
    var encodedCount: Int {
        entries.reduce(1) { sum, entry in
            let pieces = Swift.max(1, (entry.range.count + 254) / 255)
            return sum + entry.range.count + 2 * pieces
        }
    }

    /// Message type first, as clients expect it; option 82 last (RFC 3046 section 2.2); the rest in order; then the end mark.
    /// - Parameter packet: has room for `encodedCount` bytes.
    func write(into packet: UnsafeMutableRawBufferPointer) {
        var offset = 0
        storage.withUnsafeBytes { storage in
            for entry in entries where entry.code == .messageType { Self.write(entry, of: storage, into: packet, at: &offset) }
            for entry in entries where entry.code != .messageType && entry.code != .relayAgentInformation {
                Self.write(entry, of: storage, into: packet, at: &offset)
            }
            for entry in entries where entry.code == .relayAgentInformation { Self.write(entry, of: storage, into: packet, at: &offset) }
        }
        packet[offset] = DHCPOptionCode.end.rawValue
    }

    /// Options of more than 255 bytes leave in pieces that follow one another (RFC 3396 section 6).
    private static func write(
        _ entry: Entry, of storage: UnsafeRawBufferPointer, into packet: UnsafeMutableRawBufferPointer, at offset: inout Int
    ) {
        var start = entry.range.lowerBound
        repeat {
            let end = Swift.min(entry.range.upperBound, start + 255)
            packet[offset] = entry.code.rawValue
            packet[offset + 1] = UInt8(truncatingIfNeeded: end - start)
            offset += 2
            UnsafeMutableRawBufferPointer(rebasing: packet[offset..<offset + end - start])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<end]))
            offset += end - start
            start = end
        } while start < entry.range.upperBound
    }
}
