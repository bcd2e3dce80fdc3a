import BootServer
import Testing

@Suite("Alarms go off in the round that reaches them, and never before")
struct TimerWheelTests {
    @Test("whatever their distance, and however large the steps", arguments: [1, 7, 100, 5000])
    func distances(step: Int64) {
        var wheel = TimerWheel<Int64>(slots: 64, now: 1000)
        let ticks = (0..<500).map { 1001 + Int64($0 * $0) % 3001 }
        for tick in ticks { wheel.insert(tick, at: tick) }
        var (now, heard): (Int64, [Int64]) = (1000, [])
        while wheel.count > 0, now < 10_000 {
            now += step
            for (tick, element) in wheel.advance(to: now) {
                #expect(tick == element && tick <= now && tick > now - step)
                heard.append(element)
            }
        }
        #expect(heard.sorted() == ticks.sorted())
        #expect(wheel.next == nil)
    }

    @Test("waiting until the next one, and again where there was none, misses nothing")
    func next() {
        var wheel = TimerWheel<Int>(slots: 8, now: 0)
        for tick in [3, 8, 11, 100, 100, 1000] { wheel.insert(tick, at: Int64(tick)) }
        var heard: [Int] = []
        while let next = wheel.next {
            #expect(next > wheel.now)
            heard += wheel.advance(to: next).map(\.1)
        }
        #expect(heard == [3, 8, 11, 100, 100, 1000])
    }

    @Test("what is due already goes off with the next step, and time does not run backwards")
    func past() {
        var wheel = TimerWheel<Int>(slots: 8, now: 50)
        wheel.insert(1, at: 20)
        #expect(wheel.advance(to: 40).isEmpty)
        #expect(wheel.advance(to: 51).map(\.1) == [1])
    }
}
