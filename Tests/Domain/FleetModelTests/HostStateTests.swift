import FleetModel
import Testing

@Suite("One word for a host")
struct HostStateTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var document: String? = "h1"
        var phase: BootRecord.Phase?
        var lastReport: Int64?
        var expected: HostState
    }

    static let rows: [Row] = [
        Row(testDescription: "no document", document: nil, phase: .operational, lastReport: 1_000_000, expected: .discovered),
        Row(testDescription: "a document, never started", expected: .expected),
        Row(testDescription: "the firmware asks", phase: .firmware, expected: .booting),
        Row(testDescription: "the agent converges", phase: .converging, lastReport: 1_000_000, expected: .booting),
        Row(testDescription: "everything in force", phase: .operational, lastReport: 1_000_000, expected: .operational),
        Row(testDescription: "an item failed", phase: .failed, lastReport: 1_000_000, expected: .degraded),
        Row(testDescription: "silent exactly as long as allowed", phase: .operational, lastReport: 910_000, expected: .operational),
        Row(testDescription: "silent for longer", phase: .operational, lastReport: 909_999, expected: .unreachable),
        Row(testDescription: "never reported, so not silent", phase: .kernel, expected: .booting),
    ]

    @Test("each record has one state", arguments: rows)
    func state(row: Row) {
        var record = HostRecord(id: HostID(unchecked: "aaaaaaaaaaaaaaaa"), claims: HostClaims(), document: row.document, discoveredAt: 0)
        if let phase = row.phase {
            var boot = BootRecord(id: BootID(unchecked: "bbbbbbbbbbbbbbbb"), kind: .cold, predecessor: nil, startedAt: 0)
            (boot.phase, boot.lastReport) = (phase, row.lastReport)
            record.boot = boot
        }
        #expect(HostState(of: record, now: 1_000_000, silence: 90_000) == row.expected)
    }

    @Test("phases compare in the order of a boot") func phases() {
        let phases = BootRecord.Phase.allCases
        #expect(phases.sorted() == phases)
        #expect(BootRecord.Phase.firmware < .operational)
        #expect(!(BootRecord.Phase.kernel < .kernel))
    }
}
