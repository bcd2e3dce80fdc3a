import HostAgent
import HostContract
import Primitives
import Synchronization
import Testing

@Suite("Before a cold restart guests end in order, each within its time")
struct ColdRestartTests {
    /// Guests that end so many seconds after they were asked, and a clock that only waiting moves.
    private final class Rack: GuestEnding {
        struct State {
            var time = 0.0
            var running: Set<String>
            var endsAt: [String: Double] = [:]
            /// What was done, and when.
            var log: [String] = []
            var answers = true
        }
        let state: Mutex<State>
        /// Seconds; a guest that is not here never heeds.
        let needs: [String: Double]
        let immortal: Set<String>

        init(_ running: Set<String>, needs: [String: Double], immortal: Set<String> = []) {
            state = Mutex(State(running: running))
            (self.needs, self.immortal) = (needs, immortal)
        }

        var log: [String] { state.withLock { $0.log } }

        func wait(_ seconds: Double) {
            state.withLock { state in
                state.time += seconds
                state.running = state.running.filter { state.endsAt[$0].map { [time = state.time] in $0 > time } ?? true }
            }
        }

        func runningGuests() throws(HostFailure) -> [String] {
            guard let running = state.withLock({ $0.answers ? $0.running.sorted() : nil }) else { throw HostFailure(.libvirt, "it is away") }
            return running
        }

        func shutdownGuest(_ name: String) throws(HostFailure) {
            state.withLock {
                $0.log.append("\(Int($0.time)) ask \(name)")
                $0.endsAt[name] = needs[name].map { [time = $0.time] in time + $0 }
            }
        }

        func destroyGuest(_ name: String) throws(HostFailure) {
            state.withLock { $0.log.append("\(Int($0.time)) destroy \(name)") }
            if immortal.contains(name) { throw HostFailure(.libvirt, "the process does not go") }
            state.withLock { _ = $0.running.remove(name) }
        }
    }

    private static func guest(_ name: String, timeout: Int? = nil, order: Int? = nil) -> Guest {
        Guest(
            name: name, uuid: UniversalUniqueIdentifier(high: 1, low: 2), memoryMiB: 64, vcpus: 1, shutdownTimeout: timeout, shutdownOrder: order,
            placement: .init(host: "h-1", generation: 1))
    }

    /// - Returns: what was said.
    private func end(_ rack: Rack, _ guests: [Guest]) -> [String] {
        var said: [String] = []
        let restart = ColdRestart(rack, guests: guests, now: { rack.state.withLock { $0.time } }, wait: { rack.wait($0) })
        restart.endGuests { said.append("\($0): \($1)") }
        return said
    }

    @Test("those of one order are asked together, and the next when they have ended, not when their time is over")
    func order() {
        let rack = Rack(["web", "app", "disks", "stranger"], needs: ["web": 5, "app": 12, "disks": 1, "stranger": 3])
        let said = end(
            rack, [Self.guest("web", order: -1), Self.guest("app", timeout: 600, order: -1), Self.guest("disks", order: 7), Self.guest("off")])
        #expect(rack.log == ["0 ask app", "0 ask web", "12 ask stranger", "15 ask disks"])
        #expect(said.isEmpty)
    }

    @Test("one that does not heed is ended when its own time is over, and named; the others keep theirs, and the next order comes after it")
    func unheeding() {
        let rack = Rack(["deaf", "slow", "disks"], needs: ["slow": 200, "disks": 2])
        let said = end(rack, [Self.guest("deaf", timeout: 10), Self.guest("slow", timeout: 300), Self.guest("disks", order: 1)])
        #expect(rack.log == ["0 ask deaf", "0 ask slow", "10 destroy deaf", "200 ask disks"])
        #expect(said == ["guest-destroyed: deaf did not shut down within 10 s"])
    }

    @Test("without a word of its own a guest has 30 s, in order 0; so has one of no document")
    func usual() {
        let rack = Rack(["documented", "stranger"], needs: [:])
        let said = end(rack, [Self.guest("documented")])
        #expect(rack.log == ["0 ask documented", "0 ask stranger", "30 destroy documented", "30 destroy stranger"])
        #expect(said.count == 2)
    }

    @Test("one that cannot be ended keeps nobody")
    func immortal() {
        let rack = Rack(["stuck", "disks"], needs: ["disks": 1], immortal: ["stuck"])
        let said = end(rack, [Self.guest("stuck", timeout: 5), Self.guest("disks", order: 1)])
        #expect(rack.log == ["0 ask stuck", "5 destroy stuck", "5 ask disks"])
        #expect(said == ["guest-destroyed: stuck did not shut down within 5 s, and ends with the host: libvirt: the process does not go"])
    }

    @Test("while libvirt does not answer, nobody counts as ended, and time goes on")
    func silence() {
        let rack = Rack(["web"], needs: ["web": 3])
        let restart = ColdRestart(
            rack, guests: [Self.guest("web", timeout: 20)], now: { rack.state.withLock { $0.time } },
            wait: { seconds in
                rack.wait(seconds)
                rack.state.withLock { $0.answers = $0.time > 15 }
            })
        var said: [String] = []
        restart.endGuests { said.append("\($0): \($1)") }
        #expect(rack.log == ["0 ask web"] && said.isEmpty)
        #expect(rack.state.withLock { $0.time } == 16)
    }

    @Test("with no guest nothing is waited for")
    func empty() {
        let rack = Rack([], needs: [:])
        #expect(end(rack, [Self.guest("web")]).isEmpty)
        #expect(rack.log.isEmpty && rack.state.withLock { $0.time } == 0)
    }
}
