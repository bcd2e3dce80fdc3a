import HostContract
import Rollout
import Testing

@Suite("What an upgrade did to a guest is told from its process")
struct UpgradeOutcomeTests {
    static let before = GuestStatus(name: "a", state: "running", processID: 10, processStart: 500)

    @Test(
        "the same process with the same start was never stopped, and nothing less proves it",
        arguments: [
            (before, before, UpgradeOutcome.Effect.uninterrupted),
            (before, GuestStatus(name: "a", state: "running", processID: 11, processStart: 900), .restarted),
            // A process id that was given again.
            (before, GuestStatus(name: "a", state: "running", processID: 10, processStart: 900), .restarted),
            (before, GuestStatus(name: "a", state: "shut off"), .gone),
            (before, GuestStatus(name: "b", state: "running", processID: 10, processStart: 500), .gone),
            (
                GuestStatus(name: "a", state: "running", processID: 10), GuestStatus(name: "a", state: "running", processID: 10), .restarted
            ),
        ])
    func effect(before: GuestStatus, after: GuestStatus, effect: UpgradeOutcome.Effect) {
        #expect(UpgradeOutcome(before: [before], after: [after], method: .soft).guests == [.init(guest: "a", effect: effect)])
    }

    @Test("guests that did not run before are none of it")
    func idle() {
        let outcome = UpgradeOutcome(before: [GuestStatus(name: "a", state: "shut off")], after: [Self.before], method: .soft)
        #expect(outcome.guests.isEmpty && outcome.description == "no guest was running")
    }

    @Test("a change of the kernel pauses a guest for as long as the host measured, and restarts one of which it says nothing")
    func paused() {
        let after = GuestStatus(name: "a", state: "running", processID: 10, processStart: 500, pause: 1234)
        let outcome = UpgradeOutcome(before: [Self.before], after: [after], method: .warm)
        #expect(outcome.guests == [.init(guest: "a", effect: .paused, pause: 1234)] && outcome.description == "a paused for 1.2 s")
        #expect(UpgradeOutcome(before: [Self.before], after: [Self.before], method: .save).guests == [.init(guest: "a", effect: .restarted)])
        // What a boot before this order paused for is none of it.
        #expect(UpgradeOutcome(before: [Self.before], after: [after], method: .soft).guests == [.init(guest: "a", effect: .uninterrupted)])
    }

    @Test(
        "pauses are written for people",
        arguments: [
            (0, "0 s"), (-5, "0 s"), (40, "40 ms"), (999, "999 ms"), (1000, "1.0 s"), (9990, "9.9 s"), (45_900, "45 s"), (120_000, "2 min"),
            (125_000, "2 min 5 s"),
        ])
    func text(milliseconds: Int, text: String) { #expect(PauseText.of(milliseconds: milliseconds) == text) }
}
