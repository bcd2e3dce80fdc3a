package import HostContract
package import Primitives

/// All that the choice of a method rests on: what a host runs, what it should run, and who is on it.
package struct UpgradeSituation: Sendable, Hashable {
    /// One side of the comparison. What is not known is `nil`, and never counts as equal.
    package struct System: Sendable, Hashable {
        package var image: Digest?
        package var root: Digest?
        /// Bytes of the root image.
        package var rootSize: Int64?
        package var kernel: Digest?
        package var kernelArguments: [String]?
        package var imageContract: Int?

        package init(
            image: Digest? = nil, root: Digest? = nil, rootSize: Int64? = nil, kernel: Digest? = nil, kernelArguments: [String]? = nil,
            imageContract: Int? = nil
        ) {
            (self.image, self.root, self.rootSize) = (image, root, rootSize)
            (self.kernel, self.kernelArguments, self.imageContract) = (kernel, kernelArguments, imageContract)
        }
    }

    package var running: System
    package var target: System
    /// True when a restart is wanted even where nothing differs.
    package var isRestart: Bool
    /// True when everything that the host should have is in force now.
    package var isOperational: Bool
    /// The methods that the running agent can carry out; empty when it did not say.
    package var agentMethods: [UpgradeMethod]
    /// Bytes (MemAvailable); `nil` when the host did not say.
    package var memoryAvailable: UInt64?
    /// Roots that the host has in memory already.
    package var rootsInMemory: Set<Digest>
    /// Names of the guests that run there.
    package var guests: [String]

    package init(
        running: System, target: System, isRestart: Bool = false, isOperational: Bool = true, agentMethods: [UpgradeMethod] = [],
        memoryAvailable: UInt64? = nil,
        rootsInMemory: Set<Digest> = [], guests: [String] = []
    ) {
        self.isOperational = isOperational
        (self.running, self.target, self.isRestart, self.agentMethods) = (running, target, isRestart, agentMethods)
        (self.memoryAvailable, self.rootsInMemory, self.guests) = (memoryAvailable, rootsInMemory, guests)
    }
}
