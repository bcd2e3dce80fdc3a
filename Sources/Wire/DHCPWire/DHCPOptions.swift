/// The options of a message in the order they came: code to bytes, decoded on demand.
///
/// One array holds the bytes of all options and a small table says where each is, so that decoding allocates twice however many there are.
/// A code occurs once: repeated instances were concatenated (RFC 3396 section 7).
package struct DHCPOptions: Sendable {
    /// Where an option's bytes are: a packet has fewer than 2^16.
    struct Entry: Sendable {
        let code: DHCPOptionCode
        var start: UInt32
        var count: UInt32

        init(code: DHCPOptionCode, range: Range<Int>) {
            self.code = code
            (start, count) = (UInt32(clamping: range.lowerBound), UInt32(clamping: range.count))
        }

        var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
    }

    /// More than the options' data: replaced values and, after decoding, the whole packet stay in it unreferenced.
    var storage: [UInt8]
    private(set) var entries: [Entry]
    /// Most options that are looked for are not there.
    private var present: DHCPCodeSet

    package init() { (storage, entries, present) = ([], [], DHCPCodeSet()) }

    /// No code twice.
    init(storage: [UInt8], entries: [Entry], present: DHCPCodeSet) {
        (self.storage, self.entries, self.present) = (storage, entries, present)
    }

    /// Room for what a reply usually holds.
    mutating func reserveForReply() {
        storage.reserveCapacity(256)
        entries.reserveCapacity(16)
    }

    package var codes: [DHCPOptionCode] { entries.map(\.code) }
    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }

    package func contains(_ code: DHCPOptionCode) -> Bool { present.contains(code) }

    /// Where the option's bytes are in `storage`.
    func range(of code: DHCPOptionCode) -> Range<Int>? { index(of: code).map { entries[$0].range } }

    private func index(of code: DHCPOptionCode) -> Int? {
        guard present.contains(code) else { return nil }
        var index = 0
        while index < entries.count {
            if entries[index].code == code { return index }
            index += 1
        }
        return nil
    }

    /// The option's bytes without code and length. Setting `nil` removes it; setting keeps its place, or adds it at the end.
    package subscript(_ code: DHCPOptionCode) -> ArraySlice<UInt8>? {
        get {
            guard let range = range(of: code) else { return nil }
            return storage[range]
        }
        set {
            if let newValue { set(code, to: newValue) } else { remove(code) }
        }
    }

    /// Sets an option of any length (encoding splits it). Pad and end are not options but marks: setting them does nothing.
    package mutating func set(_ code: DHCPOptionCode, to bytes: some Collection<UInt8>) {
        let start = storage.count
        storage.append(contentsOf: bytes)
        enter(code, start..<storage.count)
    }

    /// As one number in network order, of this many bytes.
    mutating func set(_ code: DHCPOptionCode, number: UInt32, bytes count: Int) {
        let start = storage.count
        withUnsafeBytes(of: number.bigEndian) { storage.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0.suffix(count))) }
        enter(code, start..<storage.count)
    }

    /// The same option as another message has it.
    mutating func copy(_ code: DHCPOptionCode, from other: DHCPOptions) {
        guard let range = other.range(of: code) else { return }
        set(code, to: other.storage[range])
    }

    private mutating func enter(_ code: DHCPOptionCode, _ range: Range<Int>) {
        guard code != .pad, code != .end else { return }
        let entry = Entry(code: code, range: range)
        if let index = index(of: code) {
            entries[index] = entry
        } else {
            entries.append(entry)
            present.insert(code)
        }
    }

    package mutating func remove(_ code: DHCPOptionCode) {
        guard present.contains(code) else { return }
        present.remove(code)
        entries.removeAll { $0.code == code }
    }
}

extension DHCPOptions: Hashable {
    /// Equal when the same codes with the same bytes stand in the same order.
    package static func == (a: Self, b: Self) -> Bool {
        a.entries.count == b.entries.count
            && zip(a.entries, b.entries).allSatisfy { $0.code == $1.code && a.storage[$0.range] == b.storage[$1.range] }
    }

    package func hash(into hasher: inout Hasher) {
        for entry in entries {
            hasher.combine(entry.code)
            hasher.combine(storage[entry.range])
        }
    }
}
