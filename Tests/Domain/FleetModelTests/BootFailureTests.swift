import FleetModel
import Foundation
import HostContract
import Primitives
import Testing

@Suite("A boot counts against its image only by what the image itself did")
struct BootFailureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var phase: BootRecord.Phase
        var steps: [BootRecord.Step] = []
        var minutes: Int64 = 2
        var kind = BootRecord.Kind.cold
        var hasRoot = true
        var serving: Int64 = 0
        var hasImage = true
        var failure: BootFailure?
    }

    static let rows: [Row] = [
        Row(testDescription: "the root was refused", phase: .claimed, steps: [.loaded, .rootRefused], failure: .rootRefused),
        Row(testDescription: "a kernel that panics", phase: .kernel, steps: [.loaded], failure: .endedEarly),
        Row(testDescription: "a kernel that hangs", phase: .kernel, steps: [.loaded], minutes: 10, failure: .neverUp),
        Row(testDescription: "a root that does not mount", phase: .claimed, steps: [.loaded, .rootVerified], failure: .endedEarly),
        Row(testDescription: "an agent that never came up", phase: .claimed, steps: [.loaded, .rootVerified, .agentMissing], failure: .agentMissing),
        Row(testDescription: "an agent that never speaks", phase: .claimed, steps: [.loaded, .rootVerified], minutes: 60, failure: .neverUp),
        Row(testDescription: "claimed, with the root inside the initrd", phase: .claimed, steps: [.loaded], hasRoot: false, failure: .endedEarly),
        Row(testDescription: "claimed, and the root never came", phase: .claimed, steps: [.loaded], minutes: 60),
        Row(testDescription: "the initrd never came", phase: .kernel, minutes: 60),
        Row(testDescription: "no further than iPXE", phase: .loader, minutes: 60),
        Row(testDescription: "no further than its firmware", phase: .firmware),
        Row(testDescription: "the agent spoke", phase: .agent, steps: [.loaded, .rootVerified], minutes: 60),
        Row(testDescription: "an item failed, by the documents", phase: .failed, steps: [.loaded, .rootVerified], minutes: 60),
        Row(testDescription: "operational", phase: .operational, steps: [.loaded, .rootVerified], minutes: 60),
        Row(testDescription: "the servers started anew meanwhile", phase: .kernel, steps: [.loaded], minutes: 60, serving: 1_000_001),
        Row(testDescription: "a root refused while the servers started anew", phase: .claimed, steps: [.rootRefused], serving: 1_000_001),
        Row(testDescription: "no image was named", phase: .kernel, steps: [.loaded], hasImage: false),
        Row(testDescription: "another kernel by kexec that panics", phase: .claimed, kind: .kexec, failure: .endedEarly),
        Row(testDescription: "a soft boot that panics", phase: .claimed, kind: .soft, failure: .endedEarly),
    ]

    @Test("each end of a boot is judged", arguments: rows)
    func judgement(row: Row) throws {
        var generator = SystemRandomNumberGenerator()
        var boot = BootRecord(id: BootID(using: &generator), kind: row.kind, predecessor: nil, startedAt: 1_000_000)
        boot.phase = row.phase
        boot.steps = row.steps.isEmpty ? nil : row.steps
        boot.image = row.hasImage ? Digest(bytes: [UInt8](repeating: 1, count: 32)) : nil
        let failure = BootFailure(of: boot, hasRoot: row.hasRoot, endedAt: 1_000_000 + row.minutes * 60_000, serving: row.serving)
        #expect(failure == row.failure)
    }

    @Test("every failure that the end of a boot can show is reached above") func all() {
        #expect(Set(Self.rows.compactMap(\.failure)) == Set(BootFailure.allCases).subtracting([.notStarted]))
    }

    @Test(
        "the second failed start is too much; of starts that only ended early, the third",
        arguments: [
            ([BootFailure.rootRefused], false), ([.rootRefused, .neverUp], true), ([.endedEarly, .endedEarly], false),
            ([.endedEarly, .endedEarly, .endedEarly], true), ([.endedEarly, .neverUp], false), ([.endedEarly, .neverUp, .endedEarly], true),
        ])
    func tooMuch(failures: [BootFailure], isTooMuch: Bool) throws {
        var trouble = ImageTrouble(image: try #require(Digest(bytes: [UInt8](repeating: 1, count: 32))))
        for failure in failures { trouble.count(failure) }
        #expect(trouble.isTooMuch == isTooMuch)
    }

    @Test(
        "what was counted is written for people",
        arguments: [
            (1, 0, "1 failed start"), (2, 0, "2 failed starts"), (0, 1, "1 start that ended early"), (0, 3, "3 starts that ended early"),
            (1, 2, "1 failed start and 2 that ended early"),
        ])
    func text(failed: Int, early: Int, text: String) throws {
        var trouble = ImageTrouble(image: try #require(Digest(bytes: [UInt8](repeating: 1, count: 32))))
        (trouble.failed, trouble.endedEarly) = (failed, early)
        #expect(trouble.text == text)
    }

    @Test("a record of a server that knew nothing of this is read")
    func oldRecord() throws {
        let text = #"{"id":"h-aaaaaaaaaaaaaaaa","claims":{"hardwareAddresses":[]},"discoveredAt":1}"#
        let record = try JSONDecoder().decode(HostRecord.self, from: Data(text.utf8))
        #expect(record.lastGood == nil && record.trouble == nil && record.standIn == nil)
    }
}
