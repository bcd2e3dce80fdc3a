import Foundation
import HostContract
import Primitives
import Rollout
import Testing

@Suite("Another kernel under kept or saved guests needs what it needs")
struct KernelChangeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout UpgradeSituation) -> Void
        var warm: [UpgradeObstacle]
        var save: [UpgradeObstacle]
    }

    static let region = "memmap=1024M!4096M"

    static let virtioFault = "QEMU 10.0.13 saves virtio queues with 1024 entries, whatever their size; 11.1 and later take them for an attack"

    static func row(_ name: String, both: [UpgradeObstacle], _ change: @escaping @Sendable (inout UpgradeSituation) -> Void) -> Row {
        Row(testDescription: name, change: change, warm: both, save: both)
    }

    static let rows: [Row] = [
        row("everything is there", both: []) { _ in },
        row("no memory is set aside", both: [.init(.guestMemoryMissing)]) { $0.guestMemory = nil },
        row("no memory is set aside, and no guest runs", both: [.init(.guestMemoryMissing)]) { ($0.guestMemory, $0.guests) = (nil, []) },
        row(
            "the region moves", both: [.init(.guestMemoryMoves, detail: "memmap=1024M!4096M → memmap=2048M!4096M")]
        ) { $0.target.kernelArguments = ["quiet", "memmap=2048M!4096M"] },
        row("the region is given up", both: [.init(.guestMemoryMoves, detail: "memmap=1024M!4096M → none")]) {
            $0.target.kernelArguments = []
        },
        row("arguments that are not known", both: [.init(.guestMemoryMoves, detail: "unknown → memmap=1024M!4096M")]) {
            $0.running.kernelArguments = nil
        },
        row("other arguments beside the region's are what a new kernel is for", both: []) {
            $0.target.kernelArguments = ["debug", region]
        },
        row("another image contract", both: [.init(.imageContractDiffers)]) { $0.target.imageContract = 2 },
        row(
            "an emulator that does not take guests over",
            both: [
                .init(.emulatorRefuses, guests: ["a"], detail: virtioFault)
            ]
        ) { ($0.running.emulator, $0.target.emulator) = ("1:10.0.13+ds-0+deb13u1", "1:11.1.3+ds-1~bpo13+1") },
        row("such an emulator, and no guest", both: []) {
            ($0.running.emulator, $0.target.emulator, $0.guests) = ("1:10.0.13+ds-0+deb13u1", "1:12.0+ds-1", [])
        },
        row("emulators of which nothing bad is known", both: []) {
            ($0.running.emulator, $0.target.emulator) = ("1:10.0.13+ds-0+deb13u1", "1:11.0.9+ds-1")
        },
        row("an emulator that is not known", both: []) { ($0.running.emulator, $0.target.emulator) = (nil, "1:11.1.3+ds-1~bpo13+1") },
        row(
            "a guest in the emulator of an earlier system, which is not taken over",
            both: [.init(.emulatorRefuses, guests: ["b"], detail: virtioFault)]
        ) {
            ($0.running.emulator, $0.target.emulator) = ("1:11.1.3+ds-1~bpo13+1", "1:11.1.3+ds-1~bpo13+1")
            $0.guests.append(.init(name: "b", memory: .kept, memoryBytes: 1 << 20, emulator: "1:10.0.13+ds-0+deb13u1"))
        },
        row(
            "machine types that the new emulator does not have, each with its guests",
            both: [
                .init(.machineTypeUnknown, guests: ["b", "c"], detail: "pc-q35-2.4"), .init(.machineTypeUnknown, guests: ["d"], detail: "xenfv"),
            ]
        ) {
            $0.target.machineTypes = ["pc-q35-10.0", "q35"]
            $0.guests[0].machineType = "pc-q35-10.0"
            $0.guests += [("b", "pc-q35-2.4"), ("c", "pc-q35-2.4"), ("d", "xenfv"), ("e", nil)].map {
                .init(name: $0, memory: .kept, memoryBytes: 1 << 20, machineType: $1)
            }
        },
        row("machine types of an image that does not name its own", both: []) { $0.guests[0].machineType = "pc-q35-2.4" },
        row("a root inside the initrd", both: [.init(.rootEmbedded)]) { $0.target.root = nil },
        row("sizes that are not known", both: [.init(.kernelSizeUnknown)]) { $0.target.kernelAndInitrdSize = nil },
        row("too little memory for the kernel", both: [.init(.memoryMissing, detail: "136 MiB are needed, 135 MiB free")]) {
            $0.memoryAvailable = 135 << 20
        },
        row("too little room for the root", both: [.init(.guestMemoryFull, detail: "90 MiB needed for the root image, 89 MiB free")]) {
            $0.guestMemory?.free = 89 << 20
        },
        row("a host that is not operational", both: [.init(.notOperational)]) { $0.isOperational = false },
        row(
            "room for the root in another region than the one for roots",
            both: [.init(.guestMemoryFull, detail: "90 MiB needed for the root image, 89 MiB free")]
        ) { $0.guestMemory?.freeForSystems = 89 << 20 },
        row("an agent that cannot", both: [.init(.agentCannot)]) { $0.agentMethods = [.live, .soft, .cold] },
        row("a guest with a device", both: [.init(.guestFixture, guests: ["b"], detail: "PCI device 0000:00:05.0")]) {
            $0.guests.append(.init(name: "b", memory: .kept, fixture: "PCI device 0000:00:05.0"))
        },
        Row(
            testDescription: "ordinary guests that fit the region",
            change: { $0.guests += ["b", "c"].map { .init(name: $0, memory: .ordinary, memoryBytes: 128 << 20) } },
            warm: [.init(.guestMemoryOrdinary, guests: ["b", "c"])], save: []),
        Row(
            testDescription: "ordinary guests that do not fit the region",
            change: { $0.guests += ["b", "c"].map { .init(name: $0, memory: .ordinary, memoryBytes: 256 << 20) } },
            warm: [.init(.guestMemoryOrdinary, guests: ["b", "c"])],
            save: [.init(.guestMemoryFull, guests: ["b", "c"], detail: "602 MiB needed for the root image and these guests, 512 MiB free")]),
        Row(
            testDescription: "a guest of which nothing is known", change: { $0.guests.append(.init(name: "b")) },
            warm: [.init(.guestMemoryOrdinary, guests: ["b"])],
            save: [.init(.guestMemoryFull, guests: ["b"], detail: "more than is known needed for the root image and these guests, 512 MiB free")]),
        Row(
            testDescription: "sizes beyond all numbers",
            change: { $0.guests += ["b", "c"].map { .init(name: $0, memory: .ordinary, memoryBytes: .max - 1) } },
            warm: [.init(.guestMemoryOrdinary, guests: ["b", "c"])],
            save: [
                .init(.guestMemoryFull, guests: ["b", "c"], detail: "more than is known needed for the root image and these guests, 512 MiB free")
            ]),
    ]

    static func situation() throws -> UpgradeSituation {
        func system(_ image: UInt8, kernel: UInt8) throws -> UpgradeSituation.System {
            try .init(
                image: UpgradePlanTests.digest(image), root: UpgradePlanTests.digest(image + 100), rootSize: 90 << 20,
                kernel: UpgradePlanTests.digest(kernel), kernelAndInitrdSize: 40 << 20, kernelArguments: ["quiet", region], imageContract: 1)
        }
        return try UpgradeSituation(
            running: system(2, kernel: 1), target: system(3, kernel: 9), agentMethods: UpgradeMethod.allCases, memoryAvailable: 136 << 20,
            guestMemory: GuestMemoryStatus(bytes: 1 << 30, free: 512 << 20), guests: [.init(name: "a", memory: .kept, memoryBytes: 256 << 20)])
    }

    @Test("each obstacle is named, with the guests that it is about", arguments: rows)
    func obstacles(row: Row) throws {
        var situation = try Self.situation()
        row.change(&situation)
        let plan = UpgradePlan(for: situation)
        #expect(plan[.warm]?.obstacles == row.warm)
        #expect(plan[.save]?.obstacles == row.save)
    }

    @Test("a guest whose own XML asks for a machine that the new emulator does not have could not start again; one that is left to libvirt can")
    func coldMachineType() throws {
        var situation = try Self.situation()
        situation.target.machineTypes = ["pc-q35-10.0", "q35"]
        situation.guests = [
            .init(name: "own", machineType: "pc-q35-2.4", wantedMachineType: "pc-q35-2.4"), .init(name: "usual", machineType: "pc-q35-2.4"),
            .init(name: "alias", machineType: "pc-q35-10.0", wantedMachineType: "q35"),
        ]
        #expect(UpgradePlan(for: situation)[.cold]?.obstacles == [.init(.machineTypeUnknown, guests: ["own"], detail: "pc-q35-2.4")])
        (situation.target.kernel, situation.memoryAvailable) = (situation.running.kernel, 1 << 30)
        #expect(UpgradePlan(for: situation).choice == .soft, "its QEMU goes on")
    }

    @Test("a host that is degraded for a moment restarts no guest unasked")
    func degraded() throws {
        var situation = try Self.situation()
        situation.isOperational = false
        let plan = UpgradePlan(for: situation)
        #expect(plan.choice == .cold)
        #expect(throws: UpgradeRefusal.impossible(.warm, [.init(.notOperational)])) { try plan.admit(nil) }
        #expect(try plan.admit(.cold) == .cold)
        situation.guests = []
        #expect(try UpgradePlan(for: situation).admit(nil) == .cold)
    }

    @Test("the running system comes along as the way back where there is room for it beside all else")
    func wayBack() throws {
        // 90 MiB of root each way, 40 of kernel, 16 beside them.
        var situation = try Self.situation()
        func ifWarmFails() -> GuestsAtFailure? { UpgradePlan(for: situation)[.warm]?.ifItFails }
        situation.guestMemory?.free = 236 << 20
        #expect(ifWarmFails() == .goOnUnlessPanic)
        situation.guestMemory?.free = (236 << 20) - 1
        #expect(ifWarmFails() == .crash && UpgradePlan(for: situation)[.warm]?.isPossible == true)
        situation.guestMemory?.free = 512 << 20
        situation.guests.append(.init(name: "b", memory: .ordinary, memoryBytes: 300 << 20))
        #expect(UpgradePlan(for: situation)[.save]?.ifItFails == .crash, "the saved guest takes the room")
        #expect(ifWarmFails() == .goOnUnlessPanic)
        for unknown in [\UpgradeSituation.System.rootSize, \.kernelAndInitrdSize] {
            var other = situation
            other.running[keyPath: unknown] = nil
            #expect(UpgradePlan(for: other)[.warm]?.ifItFails == .crash)
        }
        situation.target.root = situation.running.root
        #expect(ifWarmFails() == .crash, "it would come back to the same system")
    }

    @Test("another kernel goes by warm, and by save where a guest's memory is ordinary")
    func choice() throws {
        var situation = try Self.situation()
        let plan = UpgradePlan(for: situation)
        #expect(plan.choice == .warm)
        #expect(plan.candidates.map(\.ifItFails) == [.goOn, .goOnUnlessFirstProcessEnds, .goOnUnlessPanic, .goOnUnlessPanic, .restart])
        situation.guests.append(.init(name: "b", memory: .ordinary, memoryBytes: 1 << 20))
        #expect(UpgradePlan(for: situation).choice == .save)
    }

    @Test("obstacles in JSON have a code, the guests, and a sentence for people")
    func json() throws {
        let obstacle = UpgradeObstacle(.guestFixture, guests: ["web"], detail: "PCI device 0000:00:05.0")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let data = try encoder.encode([UpgradeObstacle(.rootEmbedded), obstacle])
        #expect(
            String(decoding: data, as: UTF8.self) == """
                [{"code":"root-embedded","message":"the image has its root inside its initrd only"},\
                {"code":"guest-fixture","detail":"PCI device 0000:00:05.0","guests":["web"],\
                "message":"this guest can be neither kept nor saved: web (PCI device 0000:00:05.0)"}]
                """)
        #expect(try JSONDecoder().decode([UpgradeObstacle].self, from: data) == [UpgradeObstacle(.rootEmbedded), obstacle])
    }
}
