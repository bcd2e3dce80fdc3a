import Fleet
import FleetFixtures
import FleetModel
import HostAgent
import HostContract
import OperatorTypes
import Primitives
import Rollout
import Synchronization
import Testing

/// The agent's own code with the server's own, and a wire between them that loses what it is told to.
@Suite("The announcement of a next boot is lost on its way, or its answer, or its host: it converges", .timeLimit(.minutes(3)))
struct LostAnswerTests {
    @Test(
        "lost a few times, the same succession goes on: one boot follows, and the order is done",
        arguments: [(Relay.Instant.asked, 1), (.answered, 1), (.answered, 4)])
    func lostForAMoment(instant: Relay.Instant, times: Int) async throws {
        let left = Mutex(times)
        try await Scene.with { here, path in
            guard here == instant, path.hasSuffix("/successor") else { return true }
            return left.withLock { left in
                left -= 1
                return left < 0
            }
        } body: { scene in
            let first = try await scene.start()
            try await scene.order(deadline: 60)
            let end = try await scene.end()
            #expect(end.upgrade?.state == .done && end.boot?.predecessor == first && end.boot?.kind == .soft)
            #expect(left.withLock { $0 } < 0)
            #expect(try await scene.boots() == 2, "nobody began another")
        }
    }

    @Test("lost each time until the host gives up, the boot that was begun is taken up, and the host is back under one of its own")
    func answerLostForGood() async throws {
        let isCut = Mutex(true)
        try await Scene.with { here, path in
            !(here == .answered && path.hasSuffix("/successor") && isCut.withLock { $0 })
        } body: { scene in
            let first = try await scene.start()
            try await scene.order(deadline: 10)
            // It has given up when it asks under a boot that is over.
            try await scene.until { $0.boot?.predecessor == first }
            try await scene.until { _ in !scene.machine.root.exists("/run/bennu/guard/ready") }
            isCut.withLock { $0 = false }
            let end = try await scene.end()
            #expect(end.upgrade?.state == .failed && end.upgrade?.failure == "the server's answer did not arrive in time")
            #expect(try await scene.boots() == 3)
            // And it can be asked again.
            try await scene.order(deadline: 60)
            #expect(try await scene.end().upgrade?.state == .done)
        }
    }

    @Test("never heard by the server, the order has failed, and the host goes on under the boot that it had")
    func neverHeard() async throws {
        try await Scene.with { here, path in
            !(here == .asked && path.hasSuffix("/successor"))
        } body: { scene in
            let first = try await scene.start()
            try await scene.order(deadline: 10)
            let end = try await scene.end()
            #expect(end.upgrade?.state == .failed && end.boot?.id == first)
            #expect(end.upgrade?.failure?.contains("the server did not begin the new boot") == true)
            #expect(try await scene.boots() == 1)
        }
    }

    /// Where the host stops dead.
    enum Death: Sendable, CaseIterable {
        /// It has written down what it will ask.
        case asking
        /// The server has begun the boot.
        case begun
        /// The boot's name is written, its credential is not.
        case half
        /// All is written, and nobody has acted on it.
        case written
    }

    /// A machine as it was when its announcement passed; from then on nobody hears it.
    private final class Victim: Sendable {
        private let files = Mutex<Machine?>(nil)
        private let original = Mutex<Machine?>(nil)
        private let isGone = Mutex(false)
        private let left: Mutex<Int>
        private let instant: Relay.Instant?

        /// - Parameter number: which announcement it is, from 1.
        init(at instant: Relay.Instant?, ofAnnouncement number: Int) {
            left = Mutex(number)
            self.instant = instant
        }

        func aim(at machine: Machine) { original.withLock { $0 = machine } }

        func passes(_ here: Relay.Instant, _ path: String) -> Bool {
            if isGone.withLock({ $0 }) { return false }
            guard here == instant, path.hasSuffix("/successor"),
                left.withLock({
                    $0 -= 1
                    return $0 == 0
                })
            else { return true }
            isGone.withLock { $0 = true }
            let machine = original.withLock { $0 }
            files.withLock { $0 = machine.flatMap { try? Machine(copyOf: $0) } }
            return false
        }

        /// Waits for its death; then the wire is open again.
        func remains(in scene: Scene) async throws -> Machine? {
            try await scene.until { _ in files.withLock { $0 != nil } }
            await scene.stop()
            isGone.withLock { $0 = false }
            return files.withLock { $0 }
        }
    }

    @Test("a host whose agent dies on its way out is operational again, and its order has an end", arguments: Death.allCases)
    func deathOnTheWayOut(death: Death) async throws {
        let victim = Victim(at: death == .asking ? .asked : death == .begun ? .answered : nil, ofAnnouncement: 1)
        try await Scene.with {
            victim.passes($0, $1)
        } body: { scene in
            victim.aim(at: scene.machine)
            let first = try await scene.start()
            if death == .asking || death == .begun {
                try await scene.order(deadline: 60)
                scene.go(try await victim.remains(in: scene))
            } else {
                let grant = try #require(BootHandover.grant(from: scene.machine.root))
                try await scene.orderAndStopAtReboot()
                if death == .half { try BootHandover.keep(grant, in: scene.machine.root) }
                scene.go()
            }
            let end = try await scene.end()
            if death == .asking {
                #expect(end.upgrade?.state == .done && end.boot?.predecessor == first, "the order is carried out from the start")
            } else {
                #expect(end.upgrade?.state == .failed && end.boot?.predecessor == end.upgrade?.successor)
                #expect(try await scene.boots() == 3)
            }
        }
    }

    @Test("a host that came back tells so once, wherever its agent dies while it does", arguments: Death.allCases)
    func deathOnTheWayBack(death: Death) async throws {
        let victim = Victim(at: death == .asking ? .asked : .answered, ofAnnouncement: 2)
        try await Scene.with {
            victim.passes($0, $1)
        } body: { scene in
            victim.aim(at: scene.machine)
            _ = try await scene.start()
            try await scene.orderAndStopAtReboot()
            scene.go()
            let remains = try #require(try await victim.remains(in: scene))
            if death == .half || death == .written {
                // What an agent writes next, from the server's answer to the same question.
                let (memory, handover) = (try #require(remains.memory), try BootHandover.load(from: remains.root))
                let grant = try await scene.site.fleet.succeed(
                    BootHandover.grant(from: remains.root)?.credential, boot: handover.boot,
                    SuccessorClaim(nonce: memory.fallbackNonce, root: memory.former, order: memory.order, fallback: "never left"))
                try handover.succeed(boot: grant.boot, nonce: memory.fallbackNonce, in: remains.root)
                if death == .written { try BootHandover.keep(grant, in: remains.root) }
            }
            scene.go(remains)
            let end = try await scene.end()
            #expect(end.upgrade?.state == .failed && end.boot?.predecessor == end.upgrade?.successor)
            #expect(try await scene.boots() == 3)
        }
    }
}
