package import HostContract

/// What each method would mean for one host, cheapest first, and the cheapest that gets there.
package struct UpgradePlan: Codable, Sendable, Hashable {
    package struct Candidate: Codable, Sendable, Hashable {
        package var method: UpgradeMethod
        /// Empty when the method is possible.
        package var obstacles: [UpgradeObstacle]
        package var pause: GuestPause
        /// How long, where guests pause and there are any.
        package var expected: ExpectedPause?
        /// The file system that guests' memory is written to; `nil` for a method that writes it to no disk.
        package var savedIn: String?
        /// Seconds that guests have, all orders together, to shut down; where they are and there are any.
        package var shutdownTime: Int?
        /// What becomes of guests when the new system does not come up.
        package var ifItFails: GuestsAtFailure
        /// - Parameter hasWayBack: the running system comes along over the change of the kernel.
        package init(
            method: UpgradeMethod, obstacles: [UpgradeObstacle], pause: GuestPause, expected: ExpectedPause? = nil, savedIn: String? = nil,
            shutdownTime: Int? = nil, hasWayBack: Bool = false
        ) {
            (self.method, self.obstacles, self.pause, self.expected) = (method, obstacles, pause, expected)
            (self.savedIn, self.shutdownTime) = (savedIn, shutdownTime)
            ifItFails = GuestsAtFailure(of: method, hasWayBack: hasWayBack)
        }
        package var isPossible: Bool { obstacles.isEmpty }
    }

    package var candidates: [Candidate]
    package var guests: [String]

    package init(candidates: [Candidate], guests: [String]) { (self.candidates, self.guests) = (candidates, guests) }

    /// The cheapest method that is possible.
    package var choice: UpgradeMethod? { candidates.first(where: \.isPossible)?.method }

    /// The cheapest of those that are harder, where a method was given up.
    package func next(after method: UpgradeMethod) -> UpgradeMethod? {
        candidates.drop { $0.method != method }.dropFirst().first(where: \.isPossible)?.method
    }

    package subscript(method: UpgradeMethod) -> Candidate? { candidates.first { $0.method == method } }
}

/// What becomes of guests when the new system does not come up.
package enum GuestsAtFailure: String, Codable, Sendable {
    /// Nothing was left.
    case goOn = "go-on"
    /// The guardian goes back to what was left. Where the new system's PID 1 ends, the kernel does.
    case goOnUnlessFirstProcessEnds = "go-on-unless-first-process-ends"
    /// The new system starts the former one again, which has them go on. One whose kernel panics early, or hangs, cannot.
    case goOnUnlessPanic = "go-on-unless-panic"
    /// The kernel that they stood under is gone: the host starts cold, and they start again.
    case crash
    /// They were shut down before.
    case restart

    init(of method: UpgradeMethod, hasWayBack: Bool) {
        switch method {
        case .live: self = .goOn
        case .soft: self = .goOnUnlessFirstProcessEnds
        case .warm, .save: self = hasWayBack ? .goOnUnlessPanic : .crash
        case .cold: self = .restart
        }
    }
}

/// What guests see of a method.
package enum GuestPause: String, Codable, Sendable {
    /// They go on.
    case none
    /// They stand still for as long as the kernel changes.
    case kernelChange = "kernel-change"
    /// They are shut down, and start again.
    case restart
}
