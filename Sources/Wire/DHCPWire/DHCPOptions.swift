/// The options of a message in the order they came: code to bytes, decoded on demand.
///
/// One array holds the bytes of all options and a small table says where each is, so that decoding allocates twice however many there are.
/// A code occurs once: repeated instances were concatenated (RFC 3396 section 7).
package struct DHCPOptions: Sendable {
    struct Entry: Sendable {
        let code: DHCPOptionCode
        var range: Range<Int>
    }

    /// More than the options' data: replaced values and, after decoding, the whole packet stay in it unreferenced.
    var storage: [UInt8]
    var entries: [Entry]

    package init() { (storage, entries) = ([], []) }

    init(storage: [UInt8], entries: [Entry]) { (self.storage, self.entries) = (storage, entries) }

    /// Room for what a reply usually holds.
    mutating func reserveForReply() {
        storage.reserveCapacity(256)
        entries.reserveCapacity(16)
    }

    package var codes: [DHCPOptionCode] { entries.map(\.code) }
    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }

    package func contains(_ code: DHCPOptionCode) -> Bool { entries.contains { $0.code == code } }

    /// The option's bytes without code and length. Setting `nil` removes it; setting keeps its place, or adds it at the end.
    package subscript(_ code: DHCPOptionCode) -> ArraySlice<UInt8>? {
        get { entries.first { $0.code == code }.map { storage[$0.range] } }
        set {
            if let newValue { set(code, to: newValue) } else { remove(code) }
        }
    }

    /// Sets an option of any length (encoding splits it). Pad and end are not options but marks: setting them does nothing.
    package mutating func set(_ code: DHCPOptionCode, to bytes: some Collection<UInt8>) {
        guard code != .pad, code != .end else { return }
        let start = storage.count
        storage.append(contentsOf: bytes)
        let range = start..<storage.count
        if let index = entries.firstIndex(where: { $0.code == code }) {
            entries[index].range = range
        } else {
            entries.append(Entry(code: code, range: range))
        }
    }

    package mutating func remove(_ code: DHCPOptionCode) { entries.removeAll { $0.code == code } }
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
