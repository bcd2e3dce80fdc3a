/// The options of a message in the order they came: code to bytes, decoded on demand.
///
/// They stay as they stand in a packet, code, length and bytes one behind another, so that decoding allocates nothing and a reply is written
/// in its place at once. A code occurs once: repeated instances were concatenated (RFC 3396 section 7), and one of more than 255 bytes lies
/// in pieces that follow one another.
package struct DHCPOptions: Sendable {
    /// Where the first option is: behind the fixed part, whose bytes say nothing here.
    private static let start = DHCPMessage.fixedSize
    private static let blank = [UInt8](repeating: 0, count: DHCPMessage.minimumSize)

    /// A packet, with anything behind the last option.
    private(set) var storage: [UInt8]
    /// Where the last option ends. There are no pads before.
    private(set) var end: Int
    /// Most options that are looked for are not there.
    private var present: DHCPCodeSet

    package init() { (storage, end, present) = (Self.blank, Self.start, DHCPCodeSet()) }

    /// Of a packet with whole options only up to `end`, without pads, and no code twice.
    init(packet: [UInt8], end: Int, present: DHCPCodeSet) { (storage, self.end, self.present) = (packet, end, present) }

    package var codes: [DHCPOptionCode] {
        var codes: [DHCPOptionCode] = []
        var offset = Self.start
        while offset < end {
            codes.append(DHCPOptionCode(storage[offset]))
            offset = self.end(ofOptionAt: offset)
        }
        return codes
    }
    package var count: Int { codes.count }
    package var isEmpty: Bool { end == Self.start }

    package func contains(_ code: DHCPOptionCode) -> Bool { present.contains(code) }

    private func start(of code: DHCPOptionCode) -> Int? {
        guard present.contains(code) else { return nil }
        return storage.withUnsafeBytes { packet in
            var offset = Self.start
            while offset < end {
                if packet[offset] == code.rawValue { return offset }
                offset += 2 + Int(packet[offset + 1])
            }
            return nil
        }
    }

    /// Behind all pieces of the option.
    private func end(ofOptionAt start: Int) -> Int {
        var offset = start + 2 + Int(storage[start + 1])
        while offset < end, storage[offset] == storage[start] { offset += 2 + Int(storage[offset + 1]) }
        return offset
    }

    /// Of the option with its codes and lengths.
    private func span(of code: DHCPOptionCode) -> Range<Int>? {
        guard let start = start(of: code) else { return nil }
        return start..<end(ofOptionAt: start)
    }

    /// Where the bytes of an option of less than 255 bytes are in `storage`; of a longer one, where its first 255 are.
    func range(of code: DHCPOptionCode) -> Range<Int>? {
        guard let start = start(of: code) else { return nil }
        return start + 2..<start + 2 + Int(storage[start + 1])
    }

    /// The option's bytes without code and length. Setting `nil` removes it; setting keeps its place, or adds it at the end.
    package subscript(_ code: DHCPOptionCode) -> ArraySlice<UInt8>? {
        get {
            guard let range = range(of: code) else { return nil }
            return range.count < 255 ? storage[range] : joined(from: range.lowerBound - 2)
        }
        set {
            if let newValue { set(code, to: newValue) } else { remove(code) }
        }
    }

    private func joined(from start: Int) -> ArraySlice<UInt8> {
        var (offset, behind) = (start, end(ofOptionAt: start))
        var bytes: ArraySlice<UInt8> = []
        while offset < behind {
            let next = offset + 2 + Int(storage[offset + 1])
            bytes += storage[offset + 2..<next]
            offset = next
        }
        return bytes
    }

    /// Sets an option of any length. Pad and end are not options but marks: setting them does nothing.
    package mutating func set(_ code: DHCPOptionCode, to bytes: some Collection<UInt8>) { set(code, to: Array(bytes)) }

    package mutating func set(_ code: DHCPOptionCode, to bytes: [UInt8]) {
        var pieces: [UInt8] = []
        pieces.reserveCapacity(bytes.count + 2 * (bytes.count / 255 + 1))
        var rest = bytes[...]
        repeat {
            let piece = rest.prefix(255)
            pieces.append(code.rawValue)
            pieces.append(UInt8(truncatingIfNeeded: piece.count))
            pieces.append(contentsOf: piece)
            rest = rest.dropFirst(255)
        } while !rest.isEmpty
        pieces.withUnsafeBytes { enter(code, $0) }
    }

    /// As one number in network order, of this many bytes, at most four.
    mutating func set(_ code: DHCPOptionCode, number: UInt32, bytes count: Int) {
        let option = (UInt64(code.rawValue) << 56 | UInt64(count) << 48 | UInt64(number) << UInt64(48 - 8 * count)).bigEndian
        guard !present.contains(code), code != .pad, code != .end, end + 8 <= storage.count else {
            return withUnsafeBytes(of: option) { enter(code, UnsafeRawBufferPointer(rebasing: $0[..<(2 + count)])) }
        }
        storage.withUnsafeMutableBytes { $0.storeBytes(of: option, toByteOffset: end, as: UInt64.self) }
        end += 2 + count
        present.insert(code)
    }

    /// The same option as another message has it.
    mutating func copy(_ code: DHCPOptionCode, from other: DHCPOptions) {
        guard let span = other.span(of: code) else { return }
        other.storage.withUnsafeBytes { enter(code, UnsafeRawBufferPointer(rebasing: $0[span])) }
    }

    /// Enters an option with its codes and lengths, in the place of one that is there.
    private mutating func enter(_ code: DHCPOptionCode, _ option: UnsafeRawBufferPointer) {
        guard code != .pad, code != .end else { return }
        if let span = span(of: code) {
            storage.replaceSubrange(span, with: option)
            end += option.count - span.count
            return
        }
        while storage.count < end + option.count { storage.append(contentsOf: Self.blank) }
        storage.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[end...]).copyMemory(from: option) }
        end += option.count
        present.insert(code)
    }

    package mutating func remove(_ code: DHCPOptionCode) {
        guard let span = span(of: code) else { return }
        storage.removeSubrange(span)
        end -= span.count
        present.remove(code)
    }

    /// Bytes of a packet with these options, its fixed part and the end mark included.
    var packetSize: Int { Swift.max(DHCPMessage.minimumSize, end + 1) }

    /// A packet whose fixed part is still to be written: message type first, as clients expect it; option 82 last (RFC 3046 section 2.2); the
    /// rest in order; then the end mark and zeros. Leaves no options behind, so that nothing is copied where nobody else has them.
    mutating func takePacket() -> [UInt8] {
        if let type = span(of: .messageType), type.lowerBound > Self.start { move(type, to: Self.start) }
        if let relay = span(of: .relayAgentInformation), relay.upperBound < end { move(relay, to: end) }
        let (used, size) = (end, packetSize)
        var packet: [UInt8] = []
        swap(&packet, &storage)
        self = DHCPOptions()
        while packet.count < size { packet.append(contentsOf: Self.blank) }
        if packet.count > size { packet.removeLast(packet.count - size) }
        packet.withUnsafeMutableBytes { packet in
            packet[used] = DHCPOptionCode.end.rawValue
            UnsafeMutableRawBufferPointer(rebasing: packet[(used + 1)...]).initializeMemory(as: UInt8.self, repeating: 0)
        }
        return packet
    }

    /// What stands between moves over.
    private mutating func move(_ span: Range<Int>, to place: Int) {
        storage.withUnsafeMutableBytes { packet in
            withUnsafeTemporaryAllocation(byteCount: span.count, alignment: 1) { option in
                func move(_ bytes: UnsafeRawBufferPointer, to start: Int) {
                    UnsafeMutableRawBufferPointer(rebasing: packet[start...]).copyMemory(from: bytes)
                }
                option.copyMemory(from: UnsafeRawBufferPointer(rebasing: packet[span]))
                if place < span.lowerBound {
                    move(UnsafeRawBufferPointer(rebasing: packet[place..<span.lowerBound]), to: place + span.count)
                    move(UnsafeRawBufferPointer(option), to: place)
                } else {
                    move(UnsafeRawBufferPointer(rebasing: packet[span.upperBound..<place]), to: span.lowerBound)
                    move(UnsafeRawBufferPointer(option), to: place - span.count)
                }
            }
        }
    }
}

extension DHCPOptions: Hashable {
    private var options: ArraySlice<UInt8> { storage[Self.start..<end] }

    /// Equal when the same codes with the same bytes stand in the same order.
    package static func == (a: Self, b: Self) -> Bool { a.options == b.options }

    package func hash(into hasher: inout Hasher) { hasher.combine(options) }
}
