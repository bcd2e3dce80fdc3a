extension DHCPOptions {
    /// Bytes that `write(into:)` writes, the end mark included.
    var encodedCount: Int {
        var sum = 1
        for entry in entries {
            let count = Int(entry.count)
            sum += count + 2 * (count <= 255 ? 1 : (count + 254) / 255)
        }
        return sum
    }

    /// Message type first, as clients expect it; option 82 last (RFC 3046 section 2.2); the rest in order; then the end mark.
    /// - Parameter packet: has room for `encodedCount` bytes.
    func write(into packet: UnsafeMutableRawBufferPointer) {
        var offset = 0
        storage.withUnsafeBytes { storage in
            var first: Entry?
            var last: Entry?
            for entry in entries {
                if entry.code == .messageType { first = entry }
                if entry.code == .relayAgentInformation { last = entry }
            }
            if let first { Self.write(first, of: storage, into: packet, at: &offset) }
            for entry in entries where entry.code != .messageType && entry.code != .relayAgentInformation {
                Self.write(entry, of: storage, into: packet, at: &offset)
            }
            if let last { Self.write(last, of: storage, into: packet, at: &offset) }
        }
        packet[offset] = DHCPOptionCode.end.rawValue
    }

    /// Options of more than 255 bytes leave in pieces that follow one another (RFC 3396 section 6).
    private static func write(
        _ entry: Entry, of storage: UnsafeRawBufferPointer, into packet: UnsafeMutableRawBufferPointer, at offset: inout Int
    ) {
        var start = Int(entry.start)
        let whole = start + Int(entry.count)
        repeat {
            let end = Swift.min(whole, start + 255)
            packet[offset] = entry.code.rawValue
            packet[offset + 1] = UInt8(truncatingIfNeeded: end - start)
            offset += 2
            if end - start <= 8 {
                // Most are a number or an address: a call for four bytes costs more than the bytes.
                while start < end {
                    packet[offset] = storage[start]
                    (offset, start) = (offset + 1, start + 1)
                }
            } else {
                UnsafeMutableRawBufferPointer(rebasing: packet[offset..<offset + end - start])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<end]))
                offset += end - start
                start = end
            }
        } while start < whole
    }
}
