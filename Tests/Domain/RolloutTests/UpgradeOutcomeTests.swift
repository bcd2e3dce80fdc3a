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
        #expect(UpgradeOutcome(before: [before], after: [after]).guests == [.init(guest: "a", effect: effect)])
    }

    @Test("guests that did not run before are none of it")
    func idle() {
        let outcome = UpgradeOutcome(before: [GuestStatus(name: "a", state: "shut off")], after: [Self.before])
        #expect(outcome.guests.isEmpty && outcome.description == "no guest was running")
    }
}
