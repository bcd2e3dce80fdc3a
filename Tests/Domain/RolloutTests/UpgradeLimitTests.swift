import HostContract
import Rollout
import Testing

@Suite("A method that is possible is still refused where policy, a guest's limit or experience stands against it")
struct UpgradeLimitTests {
    /// A guest on kept memory that may pause for at most `limit`.
    private static func situation(limit: Int?) throws -> UpgradeSituation {
        var situation = try KernelChangeTests.situation()
        situation.guests = [.init(name: "web", memory: .kept, memoryBytes: 1 << 30, maximumPause: limit), .init(name: "free", memory: .kept)]
        return situation
    }

    @Test("a policy takes methods away, by name of the document that says so")
    func policy() throws {
        var situation = try Self.situation(limit: nil)
        situation.forbidden = [.warm: "Profile/base allows soft, cold", .save: "Profile/base allows soft, cold"]
        let plan = UpgradePlan(for: situation)
        #expect(plan.choice == .cold)
        #expect(plan[.warm]?.obstacles == [.init(.policyForbids, detail: "Profile/base allows soft, cold")])
        #expect(plan[.soft]?.obstacles.map(\.code) == [.kernelDiffers, .memoryMissing])
        situation.forbidden[.cold] = "Profile/base forbids cold"
        #expect(throws: UpgradeRefusal.noMethod) { try UpgradePlan(for: situation).admit(nil) }
        #expect(throws: UpgradeRefusal.impossible(.cold, [.init(.policyForbids, detail: "Profile/base forbids cold")])) {
            try UpgradePlan(for: situation).admit(.cold)
        }
    }

    @Test("a guest rules methods out for its host, and is named")
    func guestPolicy() throws {
        var situation = try Self.situation(limit: nil)
        situation.guests[0].forbidden = [.warm: "Guest/web allows soft", .save: "Guest/web allows soft", .cold: "Guest/web allows soft"]
        situation.guests[1].forbidden = [.cold: "Guest/free forbids cold"]
        let plan = UpgradePlan(for: situation)
        let ofWeb = UpgradeObstacle(.policyForbids, guests: ["web"], detail: "Guest/web allows soft")
        #expect(plan[.warm]?.obstacles == [ofWeb])
        #expect(plan[.cold]?.obstacles == [ofWeb, .init(.policyForbids, guests: ["free"], detail: "Guest/free forbids cold")])
        #expect(plan.choice == nil && plan[.warm]?.obstacles.first?.description == "the documents do not allow it: web (Guest/web allows soft)")
    }

    @Test("a disk that is not reached keeps a host from every method but a cold restart, which is the next")
    func unreachable() throws {
        var situation = try Self.situation(limit: nil)
        situation.guests[0].unreachable = "disk /srv/a.raw: no answer"
        let obstacle = UpgradeObstacle(.diskUnreachable, guests: ["web"], detail: "disk /srv/a.raw: no answer")
        let plan = UpgradePlan(for: situation)
        for method in [UpgradeMethod.soft, .warm, .save] { #expect(plan[method]?.obstacles.contains(obstacle) == true) }
        #expect(plan[.cold]?.obstacles == [] && plan.next(after: .soft) == .cold && plan.next(after: .cold) == nil)
        #expect(try UpgradePlan(for: Self.situation(limit: nil)).next(after: .soft) == .warm)
    }

    @Test("without a measurement the pause is a guess, and says so")
    func guess() throws {
        var situation = try Self.situation(limit: 30_000)
        var plan = UpgradePlan(for: situation)
        #expect(plan[.warm]?.expected?.milliseconds == ExpectedPause.kernelGuess)
        #expect(
            plan[.warm]?.obstacles == [
                .init(.pauseTooLong, guests: ["web"], detail: "at most 30 s; expected are 60 s, a guess")
            ])
        #expect(plan[.live]?.expected == nil && plan[.soft]?.expected == nil && plan[.cold]?.expected == nil)
        situation.guests = []
        plan = UpgradePlan(for: situation)
        #expect(plan[.warm]?.expected == nil && plan.choice == .warm)
    }

    @Test("what was measured on the same model counts, and a limit that is met is met", arguments: [(12_000, true), (30_000, true), (30_001, false)])
    func measured(milliseconds: Int, fits: Bool) throws {
        var situation = try Self.situation(limit: 30_000)
        situation.measuredPauses[.warm] = .init(milliseconds: milliseconds, savedBytes: 0, host: "h2")
        let plan = UpgradePlan(for: situation)
        #expect(plan[.warm]?.expected == ExpectedPause(milliseconds: milliseconds, source: "as measured on h2"))
        #expect(plan[.warm]?.isPossible == fits)
        #expect(plan[.cold]?.obstacles.map(\.guests) == [["web"]])
    }

    @Test("a guest that must never pause goes on by soft, and stands in the way of everything harder")
    func never() throws {
        var situation = try Self.situation(limit: 0)
        situation.measuredPauses = [
            .warm: .init(milliseconds: 1, savedBytes: 0, host: "h2"), .save: .init(milliseconds: 1, savedBytes: 0, host: "h2"),
        ]
        #expect(UpgradePlan(for: situation).choice == nil)
        situation.target.kernel = situation.running.kernel
        situation.memoryAvailable = 1 << 30
        #expect(UpgradePlan(for: situation).choice == .soft)
    }

    @Test("saved guests take longer the more memory they have, beyond what was measured")
    func saved() throws {
        var situation = try Self.situation(limit: nil)
        situation.guestMemory?.free = 16 << 30
        situation.guests = [.init(name: "web", memory: .ordinary, memoryBytes: 4 << 30)]
        #expect(UpgradePlan(for: situation)[.save]?.expected?.milliseconds == ExpectedPause.kernelGuess + 4 * ExpectedPause.savedGibibyte)
        situation.measuredPauses[.save] = .init(milliseconds: 20_000, savedBytes: 3 << 30, host: "h2")
        #expect(
            UpgradePlan(for: situation)[.save]?.expected
                == ExpectedPause(milliseconds: 23_000, source: "as measured on h2, and a guess for 1024 MiB more"))
        situation.guests[0].memoryBytes = .max
        situation.measuredPauses[.save]?.milliseconds = .max
        #expect(UpgradePlan(for: situation)[.save]?.expected?.milliseconds == .max)
    }

    @Test("guests have the longest time of each order, one order after the other, to shut down; only cold shuts down")
    func shutdownTime() throws {
        var situation = try Self.situation(limit: nil)
        situation.guests = [
            .init(name: "a", shutdownTimeout: 600), .init(name: "b", shutdownTimeout: 10), .init(name: "c", shutdownOrder: 3),
            .init(name: "d", shutdownTimeout: 5, shutdownOrder: 3), .init(name: "e", shutdownTimeout: 60, shutdownOrder: -1),
        ]
        let plan = UpgradePlan(for: situation)
        #expect(plan[.cold]?.shutdownTime == 60 + 600 + 30)
        #expect(plan.candidates.filter { $0.shutdownTime != nil }.map(\.method) == [.cold])
        situation.guests = []
        #expect(UpgradePlan(for: situation)[.cold]?.shutdownTime == nil)
    }

    @Test("a model on which kexec failed is not asked for it again")
    func distrust() throws {
        var situation = try Self.situation(limit: nil)
        situation.kexecFailure = "QEMU Q35: on host h2, the host came back by a cold start"
        let plan = UpgradePlan(for: situation)
        let obstacle = UpgradeObstacle(.kexecDistrusted, detail: "QEMU Q35: on host h2, the host came back by a cold start")
        #expect(plan[.warm]?.obstacles == [obstacle] && plan[.save]?.obstacles == [obstacle] && plan.choice == .cold)
    }
}
