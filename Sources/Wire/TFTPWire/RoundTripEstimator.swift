/// How long to wait for an answer, from how long answers took (RFC 6298 section 2). All times are in nanoseconds: this is asked for each block.
package struct RoundTripEstimator: Hashable, Sendable {
    private var smoothed: Int64?
    private var variation: Int64 = 0
    /// The shortest that was measured: nothing can answer sooner.
    package private(set) var shortest: Int64?

    package init() {}

    /// Only of an exchange in which nothing was sent twice (Karn's algorithm, section 3). What cannot be is passed over.
    package mutating func measured(_ sample: Int64) {
        guard (0...Self.longest).contains(sample) else { return }
        shortest = min(shortest ?? sample, sample)
        guard let old = smoothed else {
            smoothed = sample
            variation = sample / 2
            return
        }
        variation += (abs(sample - old) - variation) / 4
        smoothed = old + (sample - old) / 8
    }

    /// `nil` before the first measurement.
    package var timeout: Int64? { smoothed.map { $0 + 4 * variation } }

    /// An hour.
    private static let longest: Int64 = 3_600_000_000_000
}
