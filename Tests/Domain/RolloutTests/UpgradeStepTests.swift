import HostContract
import Rollout
import Testing

@Suite("An upgrade's steps are known before it begins")
struct UpgradeStepTests {
    @Test(
        "each method's steps are in order, lead from the order to its end, and pass the point at which the host leaves",
        arguments: UpgradeMethod.allCases)
    func order(method: UpgradeMethod) {
        let steps = method.steps
        guard method != .live else { return #expect(steps.isEmpty) }
        #expect(steps == steps.sorted() && Set(steps).count == steps.count)
        #expect(steps.first == .ordered && steps.last == .done && steps.contains(.leaving))
    }

    @Test("what is done before the host leaves can be taken back")
    func point() {
        #expect(UpgradeMethod.soft.steps.prefix { $0 < .leaving }.last == .guardianStarted)
        #expect(UpgradeMethod.warm.steps.prefix { $0 < .leaving }.last == .kernelLoaded)
        #expect(UpgradeMethod.cold.steps.prefix { $0 < .leaving }.last == .received)
    }

    @Test("progress counts each step once, in order, and takes no other event for one")
    func progress() {
        var progress = UpgradeProgress(of: .cold)
        #expect(progress.count == 7)
        let taken = [
            "upgrade-ordered", "guest-destroyed", "order-received", "upgrade-ordered", "leaving", "boot-began", "boot-began", "agent-started",
        ]
        #expect(taken.map { progress.take($0) } == [1, nil, 2, nil, 3, 4, nil, 5])
        #expect(progress.position == 5)
        // What was missed is behind it.
        #expect(progress.take("upgrade-done") == 7 && progress.take("operational") == nil)
    }
}
