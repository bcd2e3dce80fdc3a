package import HostContract

/// What each method would mean for one host, cheapest first, and the cheapest that gets there.
package struct UpgradePlan: Codable, Sendable, Hashable {
    package struct Candidate: Codable, Sendable, Hashable {
        package var method: UpgradeMethod
        /// Empty when the method is possible.
        package var obstacles: [UpgradeObstacle]
        package var pause: GuestPause
        package init(method: UpgradeMethod, obstacles: [UpgradeObstacle], pause: GuestPause) {
            (self.method, self.obstacles, self.pause) = (method, obstacles, pause)
        }
        package var isPossible: Bool { obstacles.isEmpty }
    }

    package var candidates: [Candidate]
    package var guests: [String]

    package init(candidates: [Candidate], guests: [String]) { (self.candidates, self.guests) = (candidates, guests) }

    /// The cheapest method that is possible.
    package var choice: UpgradeMethod? { candidates.first(where: \.isPossible)?.method }

    package subscript(method: UpgradeMethod) -> Candidate? { candidates.first { $0.method == method } }
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

/// Why a method does not get a host where it should be.
package enum UpgradeObstacle: String, Codable, Sendable, CaseIterable, CustomStringConvertible {
    case imageDiffers = "image-differs"
    case restartAsked = "restart-asked"
    case kernelDiffers = "kernel-differs"
    case kernelArgumentsDiffer = "kernel-arguments-differ"
    case imageContractDiffers = "image-contract-differs"
    /// The image's root is inside its initrd, and cannot be fetched by itself.
    case rootEmbedded = "root-embedded"
    case memoryMissing = "memory-missing"
    /// Nobody could tell whether the new system is as it should be, so there is no way back.
    case notOperational = "not-operational"
    case agentCannot = "agent-cannot"
    /// Bennu has no such method yet.
    case notAvailable = "not-available"

    package var description: String {
        switch self {
        case .imageDiffers: "the image differs"
        case .restartAsked: "a restart is asked for"
        case .kernelDiffers: "the kernel differs"
        case .kernelArgumentsDiffer: "the kernel arguments differ"
        case .imageContractDiffers: "the image contract differs, so guests could not outlive the change"
        case .rootEmbedded: "the image has its root inside its initrd only"
        case .memoryMissing: "memory for two images is missing"
        case .notOperational: "the host is not operational now, so nobody could tell whether the new system is"
        case .agentCannot: "the agent that runs there cannot do it"
        case .notAvailable: "Bennu cannot do it yet"
        }
    }
}
