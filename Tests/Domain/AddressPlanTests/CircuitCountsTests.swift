import Primitives
import Testing

@testable import AddressPlan

@Suite("Holders by relay circuit") struct CircuitCountsTests {
    private func circuit(_ number: Int) -> RelayCircuit { RelayCircuit(circuit: "\(number)") }

    @Test("A circuit is remembered until the last of its holders has given up what it held")
    func released() {
        var counts = CircuitCounts()
        counts.hold(1, at: circuit(1), until: 10)
        counts.hold(2, at: circuit(1), until: 10)
        counts.hold(3, at: circuit(2), until: 10)
        #expect(counts.counts(at: 0) == [circuit(1): 2, circuit(2): 1] && counts.remembered == 2)
        counts.release(1, at: circuit(1))
        counts.release(1, at: circuit(3))
        #expect(counts.counts(at: 0) == [circuit(1): 1, circuit(2): 1])
        counts.release(2, at: circuit(1))
        counts.release(3, at: circuit(2))
        #expect(counts.counts(at: 0).isEmpty && counts.remembered == 0)
    }

    @Test("What has ended is not counted, and circuits where all has ended are forgotten before they are many")
    func ended() {
        var counts = CircuitCounts()
        counts.hold(1, at: circuit(0), until: .max)
        for number in 1...10_000 {
            let now = Int64(number)
            let isAdmitted = counts.admits(1, at: circuit(number), most: 1, now: now)
            #expect(isAdmitted)
            counts.hold(1, at: circuit(number), until: now + 10)
            #expect(counts.remembered <= 65)
        }
        #expect(counts.counts(at: 10_005).count == 6 && counts.counts(at: 20_000) == [circuit(0): 1])
    }

    @Test("A full circuit has room when the time of one of its holders is over")
    func full() {
        var counts = CircuitCounts()
        counts.hold(1, at: circuit(1), until: 10)
        let (before, itself, after) = (
            counts.admits(2, at: circuit(1), most: 1, now: 9), counts.admits(1, at: circuit(1), most: 1, now: 9),
            counts.admits(2, at: circuit(1), most: 1, now: 10)
        )
        #expect(!before && itself && after)
    }
}
