extension DHCPOptions {
    /// Where options may stand in a packet, and what the error calls that place.
    private struct Area {
        let field: String
        let range: Range<Int>
    }

    /// Reads the options of a whole packet whose first option is at `start`, then those that option 52 says are in `file` and `sname`,
    /// in that order (RFC 2131 section 4.1). Says which header fields held options, so that they are not taken for names.
    static func decode(
        packet: [UInt8], from start: Int, bootFile: Range<Int>, serverName: Range<Int>
    ) throws(DHCPDecodeError) -> (options: DHCPOptions, overload: Overload) {
        var scan = Scan()
        try scan.read(Area(field: "options", range: start..<packet.count), of: packet)
        var overload = Overload()
        if scan.seen.contains(.overload), let entry = scan.entries.first(where: { $0.code == .overload }) {
            let bytes = packet[entry.range]
            guard bytes.count == 1, let value = bytes.first, (1...3).contains(value) else {
                throw .invalidOverload(Array(bytes))
            }
            overload = Overload(rawValue: value)
            if overload.contains(.bootFile) { try scan.read(Area(field: "file", range: bootFile), of: packet) }
            if overload.contains(.serverName) { try scan.read(Area(field: "sname", range: serverName), of: packet) }
            // The option describes the packet's layout; encoding makes its own.
            scan.entries.removeAll { $0.code == .overload }
            scan.seen.remove(.overload)
        }
        let entries = scan.hasRepeats ? nil : scan.entries
        return (entries.map { DHCPOptions(storage: packet, entries: $0, present: scan.seen) } ?? joined(scan.entries, of: packet), overload)
    }

    /// The header fields that hold options (RFC 2132 section 9.3).
    struct Overload: OptionSet {
        let rawValue: UInt8
        static let bootFile = Overload(rawValue: 1)
        static let serverName = Overload(rawValue: 2)
    }

    /// Instances in wire order, and whether any code came twice.
    private struct Scan {
        var entries: [Entry] = []
        var hasRepeats = false
        var seen = DHCPCodeSet()

        init() { entries.reserveCapacity(16) }

        /// A missing end mark is tolerated, as every server does; what follows an end mark is padding.
        mutating func read(_ area: Area, of packet: [UInt8]) throws(DHCPDecodeError) {
            var offset = area.range.lowerBound
            while offset < area.range.upperBound {
                let code = DHCPOptionCode(packet[offset])
                if code == .end { return }
                if code == .pad {
                    offset += 1
                    continue
                }
                let remaining = area.range.upperBound - offset - 1
                guard remaining >= 1 else {
                    throw .truncatedOption(code, field: area.field, offset: offset, needed: 1, remaining: 0)
                }
                let length = Int(packet[offset + 1])
                guard remaining - 1 >= length else {
                    throw .truncatedOption(code, field: area.field, offset: offset, needed: length, remaining: remaining - 1)
                }
                entries.append(Entry(code: code, range: offset + 2..<offset + 2 + length))
                if !seen.insert(code) { hasRepeats = true }
                offset += 2 + length
            }
        }
    }

    /// Concatenates repeated codes at the place of the first (RFC 3396 section 7), in time linear in the packet:
    /// a stranger may send 20,000 pieces of one option.
    private static func joined(_ pieces: [Entry], of packet: [UInt8]) -> DHCPOptions {
        var first = [Int](repeating: -1, count: 256)
        var last = first
        var next = [Int](repeating: -1, count: pieces.count)
        var order: [DHCPOptionCode] = []
        for (index, piece) in pieces.enumerated() {
            let code = Int(piece.code.rawValue)
            if last[code] < 0 {
                first[code] = index
                order.append(piece.code)
            } else {
                next[last[code]] = index
            }
            last[code] = index
        }
        var storage: [UInt8] = []
        storage.reserveCapacity(packet.count)
        var entries: [Entry] = []
        for code in order {
            let start = storage.count
            var index = first[Int(code.rawValue)]
            while index >= 0 {
                storage.append(contentsOf: packet[pieces[index].range])
                index = next[index]
            }
            entries.append(Entry(code: code, range: start..<storage.count))
        }
        return DHCPOptions(storage: storage, entries: entries, present: DHCPCodeSet(order))
    }
}
