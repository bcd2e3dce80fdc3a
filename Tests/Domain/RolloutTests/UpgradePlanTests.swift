import HostContract
import Primitives
import Rollout
import Testing

@Suite("The method of an upgrade follows from what runs and what should run")
struct UpgradePlanTests {
    typealias System = UpgradeSituation.System

    static func digest(_ byte: UInt8) throws -> Digest { try #require(Digest(bytes: [UInt8](repeating: byte, count: 32))) }

    static func system(image: UInt8, kernel: UInt8 = 1, arguments: [String] = ["quiet"], contract: Int = 1) throws -> System {
        try System(
            image: digest(image), root: digest(image + 100), rootSize: 90 << 20, kernel: digest(kernel), kernelArguments: arguments,
            imageContract: contract)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout UpgradeSituation) throws -> Void
        var choice: UpgradeMethod?
        /// What is in the way of `soft`.
        var soft: [UpgradeObstacle.Code]
    }

    static let rows: [Row] = [
        Row(testDescription: "another image of the same kernel", change: { _ in }, choice: .soft, soft: []),
        Row(testDescription: "the same image", change: { $0.target = $0.running }, choice: .live, soft: []),
        Row(
            testDescription: "the same image, a restart asked for",
            change: {
                $0.target = $0.running
                $0.isRestart = true
            }, choice: .soft, soft: []),
        Row(testDescription: "another kernel", change: { $0.target.kernel = try digest(2) }, choice: .cold, soft: [.kernelDiffers]),
        Row(testDescription: "a kernel that nobody knows", change: { $0.running.kernel = nil }, choice: .cold, soft: [.kernelDiffers]),
        Row(
            testDescription: "other kernel arguments only",
            change: {
                $0.target = $0.running
                $0.target.kernelArguments = []
            }, choice: .cold, soft: [.kernelArgumentsDiffer]),
        Row(
            testDescription: "another image contract", change: { $0.target.imageContract = 2 }, choice: .cold, soft: [.imageContractDiffers]),
        Row(testDescription: "a root inside the initrd", change: { $0.target.root = nil }, choice: .cold, soft: [.rootEmbedded]),
        Row(testDescription: "too little memory", change: { $0.memoryAvailable = 200 << 20 }, choice: .cold, soft: [.memoryMissing]),
        Row(
            testDescription: "little memory, and the root is there already",
            change: {
                $0.memoryAvailable = 200 << 20
                $0.rootsInMemory = try [digest(103)]
            }, choice: .soft, soft: []),
        Row(testDescription: "an agent that can only restart", change: { $0.agentMethods = [.cold] }, choice: .cold, soft: [.agentCannot]),
        Row(testDescription: "an agent that can nothing", change: { $0.agentMethods = [] }, choice: nil, soft: [.agentCannot]),
        Row(
            testDescription: "a host that is not operational", change: { $0.isOperational = false }, choice: .cold, soft: [.notOperational]),
        Row(
            testDescription: "a guest that needs a program of the system", change: { $0.guests[0].program = "has a vhost-user interface" },
            choice: .cold, soft: [.guestProgram]),
        Row(
            testDescription: "everything at once",
            change: {
                $0.target = System()
                $0.memoryAvailable = 0
                $0.agentMethods = []
            }, choice: nil,
            soft: [.kernelDiffers, .kernelArgumentsDiffer, .imageContractDiffers, .rootEmbedded, .memoryMissing, .agentCannot]),
    ]

    @Test("each difference has its method, and its reason against the cheaper ones", arguments: rows)
    func choice(row: Row) throws {
        var situation = try UpgradeSituation(
            running: Self.system(image: 2), target: Self.system(image: 3), agentMethods: [.live, .soft, .cold], memoryAvailable: 1 << 30,
            guests: [.init(name: "a")])
        try row.change(&situation)
        let plan = UpgradePlan(for: situation)
        #expect(plan.choice == row.choice)
        #expect(plan[.soft]?.obstacles.map(\.code) == row.soft)
        #expect(plan.candidates.map(\.method) == UpgradeMethod.allCases)
    }

    @Test("the pause of guests is none but for methods that leave the kernel")
    func pauses() throws {
        let plan = try UpgradePlan(for: UpgradeSituation(running: Self.system(image: 2), target: Self.system(image: 3)))
        #expect(plan.candidates.map(\.pause) == [.none, .none, .kernelChange, .kernelChange, .restart])
    }

    @Test("a method that was asked for is taken or refused with all its reasons, never replaced")
    func admission() throws {
        let situation = try UpgradeSituation(
            running: Self.system(image: 2), target: Self.system(image: 3, kernel: 9, contract: 2), agentMethods: [.live, .soft, .cold])
        let plan = UpgradePlan(for: situation)
        #expect(try plan.admit(nil) == .cold)
        #expect(try plan.admit(.cold) == .cold)
        #expect(throws: UpgradeRefusal.impossible(.soft, [.init(.kernelDiffers), .init(.imageContractDiffers)])) { try plan.admit(.soft) }
        #expect(throws: UpgradeRefusal.impossible(.warm, [.init(.notAvailable)])) {
            try UpgradePlan(candidates: [], guests: []).admit(.warm)
        }
        #expect(throws: UpgradeRefusal.noMethod) { try UpgradePlan(candidates: [], guests: []).admit(nil) }
    }
}
