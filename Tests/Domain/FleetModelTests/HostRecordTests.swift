import FleetModel
import Foundation
import Testing

@Suite("The record of a host")
struct HostRecordTests {
    private static let host = HostID(unchecked: "aaaaaaaaaaaaaaaa")

    /// As the releases before this one wrote it: one object, without a key for what is not there.
    private static let expected = #"{"claims":{"hardwareAddresses":[]},"discoveredAt":5,"document":"h1","id":"\#(host)"}"#

    private func json(_ record: HostRecord) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(record), as: UTF8.self)
    }

    private func record() -> HostRecord { HostRecord(id: Self.host, claims: HostClaims(), document: "h1", discoveredAt: 5) }

    @Test("is small as long as the host has shown nothing, and reads and writes as one object")
    func neverStarted() throws {
        #expect(MemoryLayout<HostRecord>.size < 128)
        #expect(try json(record()) == Self.expected)
        #expect(try JSONDecoder().decode(HostRecord.self, from: Data(Self.expected.utf8)) == record())
    }

    @Test("keeps all that the host showed, and a copy is its own")
    func shown() throws {
        var shown = record()
        shown.boot = BootRecord(id: BootID(unchecked: "bbbbbbbbbbbbbbbb"), kind: .cold, predecessor: nil, startedAt: 7)
        let before = shown
        shown.boot?.phase = .operational
        shown.overtaken = before.boot
        #expect(before.boot?.phase == .firmware && shown.boot?.phase == .operational && before != shown)
        let text = try json(shown)
        #expect(text.hasPrefix(#"{"boot":{"#) && text.contains(#""document":"h1""#) && text.contains(#""overtaken":{"#))
        #expect(try JSONDecoder().decode(HostRecord.self, from: Data(text.utf8)) == shown)
        (shown.boot, shown.overtaken) = (nil, nil)
        #expect(shown == record())
        #expect(try json(shown) == Self.expected)
    }
}
