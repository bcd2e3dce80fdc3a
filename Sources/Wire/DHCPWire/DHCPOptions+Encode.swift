extension DHCPOptions {
    /// Bytes that `append(to:)` adds, the end mark included.
    var encodedCount: Int {
        entries.reduce(1) { sum, entry in
            let pieces = Swift.max(1, (entry.range.count + 254) / 255)
            return sum + entry.range.count + 2 * pieces
        }
    }

    /// Message type first, as clients expect it; option 82 last (RFC 3046 section 2.2); the rest in order; then the end mark.
    func append(to packet: inout [UInt8]) {
        for entry in entries where entry.code == .messageType { append(entry, to: &packet) }
        for entry in entries where entry.code != .messageType && entry.code != .relayAgentInformation { append(entry, to: &packet) }
        for entry in entries where entry.code == .relayAgentInformation { append(entry, to: &packet) }
        packet.append(DHCPOptionCode.end.rawValue)
    }

    /// Options of more than 255 bytes leave in pieces that follow one another (RFC 3396 section 6).
    private func append(_ entry: Entry, to packet: inout [UInt8]) {
        var start = entry.range.lowerBound
        repeat {
            let end = Swift.min(entry.range.upperBound, start + 255)
            packet.append(entry.code.rawValue)
            packet.append(UInt8(truncatingIfNeeded: end - start))
            packet.append(contentsOf: storage[start..<end])
            start = end
        } while start < entry.range.upperBound
    }
}
