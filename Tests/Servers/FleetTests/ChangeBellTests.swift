import Fleet
import Testing

@Suite("The bell that wakes those who wait for a change", .timeLimit(.minutes(1)))
struct ChangeBellTests {
    @Test("a ring between taking the number and waiting is not missed")
    func missedNothing() async {
        let bell = ChangeBell()
        let rings = bell.rings
        bell.ring()
        await bell.wait(after: rings, timeout: .seconds(3600))
        #expect(bell.rings == rings + 1)
    }

    @Test("one ring wakes everybody who waits")
    func wakesAll() async {
        let bell = ChangeBell()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                let rings = bell.rings
                group.addTask { await bell.wait(after: rings, timeout: .seconds(3600)) }
            }
            bell.ring()
            await group.waitForAll()
        }
        #expect(bell.rings == 1)
    }

    @Test("a wait ends with its task, and at its timeout")
    func ends() async {
        let bell = ChangeBell()
        let rings = bell.rings
        let waiting = Task { await bell.wait(after: rings, timeout: .seconds(3600)) }
        waiting.cancel()
        await waiting.value
        await bell.wait(after: rings, timeout: .zero)
        #expect(bell.rings == rings)
    }
}
