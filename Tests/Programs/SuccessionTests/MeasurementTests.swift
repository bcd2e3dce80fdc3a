import Fleet
import FleetFixtures
import FleetModel
import HostAgent
import OperatorTypes
import Testing

@Suite("What becomes of an order whose image cannot be measured", .timeLimit(.minutes(2)))
struct MeasurementTests {
    private static let refusal = "successor-not-measured"

    private func events(_ scene: Scene) async throws -> [String] {
        try await scene.site.fleet.timeline(of: "h1", boot: "all").events.map(\.name)
    }

    @Test("a TPM that says nothing of sense is told of, and the order goes on; without a TPM nothing is told", arguments: [true, false])
    func goesOn(hasTPM: Bool) async throws {
        try await Scene.withoutLoss { scene in
            _ = try await scene.start()
            if hasTPM {
                try scene.machine.root.write("/dev/tpmrm0", [])
                try scene.machine.root.write("/sys/class/tpm/tpm0/pcr-sha256/15", [])
            }
            try await scene.order(deadline: 60)
            #expect(try await scene.end().upgrade?.state == .done)
            #expect(try await events(scene).contains(Self.refusal) == hasTPM)
        }
    }

    @Test("where it must be measured, the order is given up, and nothing has changed", arguments: [true, false])
    func required(hasTPM: Bool) async throws {
        try await Scene.withoutLoss { scene in
            let first = try await scene.start()
            try scene.machine.root.write("/proc/cmdline", Array("quiet bennu.measure=require\n".utf8))
            if hasTPM { try scene.machine.root.write("/dev/tpmrm0", []) }
            try await scene.order(deadline: 60)
            let end = try await scene.end()
            #expect(end.upgrade?.state == .failed && end.boot?.id == first)
            #expect(end.upgrade?.failure?.contains("bennu.measure=require") == true)
            // The word for it is on its way.
            while try await !events(scene).contains(Self.refusal) { await Task.yield() }
            #expect(try await scene.boots() == 1)
        }
    }
}
