/// How long to wait before the next try: doubling between two limits, half of it by chance, so that a rack that lost its server together does not
/// come back to it together.
package struct Backoff: Sendable {
    private let least: Duration
    private let most: Duration
    private var current: Duration

    package init(from least: Duration = .seconds(1), to most: Duration = .seconds(30)) {
        (self.least, self.most, current) = (least, most, least)
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let half = current / 2
        let share = Double(generator.next(upperBound: UInt32(1000))) / 1000
        current = min(current * 2, most)
        return half + half * share
    }

    package mutating func reset() { current = least }
}
