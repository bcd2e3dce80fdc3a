import Primitives
import Testing

@testable import VirtualRack

struct RackPlanTests {
    @Test(
        "Every number out of range is told, with what would be possible",
        arguments: [
            (0, 1, 3072, 2, "hosts is 0; possible are 1 to 200"), (201, 1, 3072, 2, "hosts is 201"), (-1, 1, 3072, 2, "hosts is -1"),
            (1, 0, 3072, 2, "network cards is 0"), (1, 9, 3072, 2, "network cards is 9"),
            (1, 1, 63, 2, "memory in MiB is 63"), (1, 1, .max, 2, "memory in MiB"),
            (1, 1, 3072, 0, "processors is 0"), (1, 1, 3072, 65, "processors is 65"),
        ] as [(Int, Int, Int, Int, String)])
    func range(hosts: Int, interfaces: Int, memory: Int, processors: Int, message: String) {
        var plan = RackPlan()
        #expect(plan.problems.isEmpty)
        plan.hosts = hosts
        plan.interfaces = interfaces
        plan.memoryMebibytes = memory
        plan.processors = processors
        #expect(plan.problems.count == 1)
        #expect(plan.problems.first?.contains(message) == true, "\(plan.problems)")
    }

    @Test("All problems are told at once")
    func together() {
        var plan = RackPlan()
        plan.hosts = 0
        plan.memoryMebibytes = 64
        plan.firmware = .uefi
        plan.diskBytes = 5
        let uuid = UniversalUniqueIdentifier(high: 1, low: 2)
        plan.uuids = [uuid, uuid]
        #expect(plan.problems.count == 5, "\(plan.problems)")
    }

    @Test("A plan with problems is refused before anything is made")
    func refused() async {
        var plan = RackPlan()
        plan.stateDirectory = TestPlace.path()
        plan.hosts = 0
        await #expect(throws: RackError.badPlan(["the number of hosts is 0; possible are 1 to 200"])) { try await Rack.up(plan) }
        #expect(!SmallFile.exists(plan.stateDirectory))
    }

    @Test("A state directory that is too deep for a socket is refused by name")
    func longPath() async {
        var plan = RackPlan()
        plan.stateDirectory = "/tmp/" + String(repeating: "x", count: 100)
        await #expect(throws: RackError.socketPathTooLong("\(plan.stateDirectory)/rack/h1/monitor")) { try await Rack.up(plan) }
        #expect(!SmallFile.exists(plan.stateDirectory))
    }

    @Test(
        "Root's racks are where every session finds them, others' are in their own directories",
        arguments: [
            (0, ["XDG_RUNTIME_DIR": "/run/user/0"], "/run/bennu/racks"),
            (1000, ["XDG_RUNTIME_DIR": "/run/user/1000", "HOME": "/home/a"], "/run/user/1000/bennu/racks"),
            (1000, ["XDG_RUNTIME_DIR": "relative", "HOME": "/home/a"], "/home/a/.local/state/bennu/racks"),
            (1000, [:], "/run/bennu/racks"),
        ] as [(UInt32, [String: String], String)])
    func stateDirectory(_ user: UInt32, _ environment: [String: String], _ expected: String) {
        #expect(StateDirectory.choose(userID: user, environment: environment) == expected)
    }
}
