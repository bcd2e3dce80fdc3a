extension DHCPOptions {
    /// Where options may stand in a packet, and what the error calls that place.
    private struct Area {
        let field: String
        let range: Range<Int>
    }

    /// Reads the options of a whole packet, which has its fixed part, then those that option 52 says are in `file` and `sname`,
    /// in that order (RFC 2131 section 4.1). Says which header fields held options, so that they are not taken for names.
    static func decode(
        packet: [UInt8], bootFile: Range<Int>, serverName: Range<Int>
    ) throws(DHCPDecodeError) -> (options: DHCPOptions, overload: Overload) {
        var scan = Scan()
        let area = Area(field: "options", range: DHCPMessage.fixedSize..<packet.count)
        try scan.read(area, of: packet)
        // Nearly every packet is in order as it came.
        guard scan.isScattered || scan.seen.contains(.overload) else {
            return (DHCPOptions(packet: packet, end: scan.end, present: scan.seen), Overload())
        }
        scan = Scan(gathers: true)
        try scan.read(area, of: packet)
        var overload = Overload()
        if let piece = scan.pieces.first(where: { $0.code == .overload }) {
            let bytes = packet[piece.range]
            guard bytes.count == 1, let value = bytes.first, (1...3).contains(value) else {
                throw .invalidOverload(Array(bytes))
            }
            overload = Overload(rawValue: value)
            if overload.contains(.bootFile) { try scan.read(Area(field: "file", range: bootFile), of: packet) }
            if overload.contains(.serverName) { try scan.read(Area(field: "sname", range: serverName), of: packet) }
            // The option describes the packet's layout; encoding makes its own.
            scan.pieces.removeAll { $0.code == .overload }
        }
        return (joined(scan.pieces, of: packet), overload)
    }

    /// The header fields that hold options (RFC 2132 section 9.3).
    struct Overload: OptionSet {
        let rawValue: UInt8
        static let bootFile = Overload(rawValue: 1)
        static let serverName = Overload(rawValue: 2)
    }

    /// One instance of an option, and where its bytes are.
    private struct Piece {
        let code: DHCPOptionCode
        let range: Range<Int>
    }

    /// Checks that every option ends within its field.
    private struct Scan {
        /// Whether to say where each option is.
        var gathers = false
        /// In wire order.
        var pieces: [Piece] = []
        var seen = DHCPCodeSet()
        /// A code came twice, or pads stand between options.
        var isScattered = false
        /// Where the last option ends.
        var end = 0

        /// A missing end mark is tolerated, as every server does; what follows an end mark is padding.
        mutating func read(_ area: Area, of packet: [UInt8]) throws(DHCPDecodeError) {
            var offset = area.range.lowerBound
            end = offset
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
                if gathers { pieces.append(Piece(code: code, range: offset + 2..<offset + 2 + length)) }
                if offset != end || !seen.insert(code) { isScattered = true }
                offset += 2 + length
                end = offset
            }
        }
    }

    /// Concatenates repeated codes at the place of the first (RFC 3396 section 7), in time linear in the packet:
    /// a stranger may send 20,000 pieces of one option.
    private static func joined(_ pieces: [Piece], of packet: [UInt8]) -> DHCPOptions {
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
        var options = DHCPOptions()
        for code in order {
            var bytes: [UInt8] = []
            var index = first[Int(code.rawValue)]
            while index >= 0 {
                bytes.append(contentsOf: packet[pieces[index].range])
                index = next[index]
            }
            options.set(code, to: bytes)
        }
        return options
    }
}
