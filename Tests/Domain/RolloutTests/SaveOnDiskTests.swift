import HostContract
import Rollout
import Testing

@Suite("Guests are saved on a disk in the host where no memory is set aside")
struct SaveOnDiskTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var obstacles: [UpgradeObstacle]
        var change: @Sendable (inout UpgradeSituation) -> Void

        init(_ name: String, _ obstacles: [UpgradeObstacle], _ change: @escaping @Sendable (inout UpgradeSituation) -> Void) {
            (testDescription, self.obstacles, self.change) = (name, obstacles, change)
        }
    }

    /// A guest of 256 MiB, a root of 90, kernel and initrds of 40: just enough memory, and room on the second disk.
    static func situation() throws -> UpgradeSituation {
        var situation = try KernelChangeTests.situation()
        (situation.guestMemory, situation.memoryAvailable) = (nil, 316 << 20)
        (situation.running.kernelArguments, situation.target.kernelArguments) = (["quiet"], ["debug"])
        situation.localFileSystems = [.init(path: "/srv/a", free: 539 << 20), .init(path: "/srv/b", free: 540 << 20)]
        situation.guests = [.init(name: "a", memory: .ordinary, memoryBytes: 256 << 20)]
        return situation
    }

    static let rows: [Row] = [
        Row("everything is there", []) { _ in },
        Row("an agent that does not know how", [.init(.guestMemoryMissing)]) { $0.localFileSystems = nil },
        Row("no pool on a disk in the host", [.init(.localDiskMissing)]) { $0.localFileSystems = [] },
        Row(
            "too little room",
            [
                .init(
                    .localDiskFull, guests: ["a"], detail: "540 MiB needed in /srv/a for the new system and these guests, 539 MiB free")
            ]
        ) { $0.localFileSystems?.removeLast() },
        Row(
            "too little room for a host without guests", [.init(.localDiskFull, detail: "284 MiB needed in /srv for the new system, 283 MiB free")]
        ) { ($0.guests, $0.localFileSystems) = ([], [.init(path: "/srv", free: 283 << 20)]) },
        Row(
            "a guest of which nothing is known",
            [
                .init(
                    .localDiskFull, guests: ["a", "b"],
                    detail: "more than is known needed in /srv/b for the new system and these guests, 540 MiB free")
            ]
        ) { $0.guests.append(.init(name: "b")) },
        Row("a kernel that sets memory aside", [.init(.guestMemoryMoves, detail: "none → memmap=1024M!4096M")]) {
            $0.target.kernelArguments = [KernelChangeTests.region]
        },
        Row("too little memory for the kernel and the root with it", [.init(.memoryMissing, detail: "316 MiB are needed, 315 MiB free")]) {
            $0.memoryAvailable = 315 << 20
        },
        Row("an agent without kexec", [.init(.agentCannot)]) { $0.agentMethods = [.live, .soft, .cold] },
        Row("a policy", [.init(.policyForbids, detail: "Profile/base forbids save")]) { $0.forbidden = [.save: "Profile/base forbids save"] },
        Row(
            "a guest that may not wait so long",
            [.init(.pauseTooLong, guests: ["a"], detail: "at most 60 s; expected are 65 s, a guess")]
        ) { $0.guests[0].maximumPause = 60_000 },
    ]

    @Test("each obstacle is named, with the guests that it is about", arguments: rows)
    func obstacles(row: Row) throws {
        var situation = try Self.situation()
        row.change(&situation)
        let plan = UpgradePlan(for: situation)
        #expect(plan[.save]?.obstacles == row.obstacles)
        #expect(plan[.warm]?.obstacles.contains { $0.code == .guestMemoryMissing } == true, "no disk is memory")
    }

    @Test("the plan says where guests are written to, and that nothing brings them back")
    func candidate() throws {
        let plan = UpgradePlan(for: try Self.situation())
        #expect(plan.choice == .save && plan[.save]?.savedIn == "/srv/b" && plan[.save]?.ifItFails == .crash)
        #expect(plan.candidates.filter { $0.savedIn != nil }.map(\.method) == [.save])
        #expect(plan[.save]?.expected?.milliseconds == ExpectedPause.kernelGuess + ExpectedPause.savedGibibyteOnDisk / 4)
    }

    @Test("memory that is set aside is used where there is any")
    func region() throws {
        var situation = try Self.situation()
        situation.guestMemory = GuestMemoryStatus(bytes: 1 << 30, free: 1 << 30)
        let plan = UpgradePlan(for: situation)
        #expect(plan[.save]?.isPossible == true && plan[.save]?.savedIn == nil)
        #expect(plan[.save]?.expected?.milliseconds == ExpectedPause.kernelGuess + ExpectedPause.savedGibibyte / 4)
    }
}
