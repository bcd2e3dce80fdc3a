package import Primitives

/// Why a start of an image counts against the image. Only what the image itself did is here: what our servers, the network or an operator
/// did to a boot says nothing of it.
package enum BootFailure: String, Codable, Sendable, CaseIterable {
    /// The boot loader had all of it, and came back to ask for another script.
    case notStarted = "not-started"
    /// Its initrd refused its root.
    case rootRefused = "root-refused"
    /// Its initrd waited for its agent in vain.
    case agentMissing = "agent-missing"
    /// It ran for `time` without its agent saying a word, and then the host was started anew.
    case neverUp = "never-up"
    /// It ran, and the host started anew without a word. A kernel that panics looks like that; a reset by hand does, too.
    case endedEarly = "ended-early"

    /// A boot that runs so long without a report will not come up. Milliseconds.
    package static let time: Int64 = 600_000

    /// Judges a boot that another start of the host has ended; `nil` for one that does not count.
    /// - Parameters:
    ///   - hasRoot: false when the image's root is inside its initrd.
    ///   - serving: since when our servers run; what happened before, or across their restart, they cannot judge.
    package init?(of boot: BootRecord, hasRoot: Bool, endedAt: Int64, serving: Int64) {
        // An agent that reports is up: what it then cannot bring in force is the documents' or the host's doing.
        guard boot.image != nil, boot.phase < .agent, boot.operationalAt == nil, serving <= boot.startedAt else { return nil }
        let steps = boot.steps ?? []
        if steps.contains(.rootRefused) {
            self = .rootRefused
            return
        }
        if steps.contains(.agentMissing) {
            self = .agentMissing
            return
        }
        // What was still being fetched when it ended may have ended by that.
        guard boot.hasAllItNeeds(hasRoot: hasRoot) else { return nil }
        self = endedAt - boot.workedSince >= Self.time ? .neverUp : .endedEarly
    }

    package var text: String {
        switch self {
        case .notStarted: "the boot loader had all of it, and could not start it"
        case .rootRefused: "its initrd refused its root"
        case .agentMissing: "its initrd waited for its agent in vain"
        case .neverUp: "it ran for ten minutes or more without a word of its agent"
        case .endedEarly: "it ran, and the host started anew without a word of its agent"
        }
    }
}

/// What starts of one image on one host have shown since it was last operational, or the operator last chose.
package struct ImageTrouble: Codable, Sendable, Hashable {
    package var image: Digest
    /// Starts that the image surely failed.
    package var failed: Int
    /// Starts that ended as a panic would end them, or a reset.
    package var endedEarly: Int

    package init(image: Digest) { (self.image, failed, endedEarly) = (image, 0, 0) }

    package mutating func count(_ failure: BootFailure) {
        if failure == .endedEarly { endedEarly += 1 } else { failed += 1 }
    }

    /// `2 failed starts`, `1 failed start and 2 that ended early`.
    package var text: String {
        let surely = "\(failed) failed start\(failed == 1 ? "" : "s")"
        guard endedEarly > 0 else { return surely }
        return failed == 0 ? "\(endedEarly) start\(endedEarly == 1 ? "" : "s") that ended early" : "\(surely) and \(endedEarly) that ended early"
    }

    /// True after the second failed start; as resets look like starts that end early, those alone need a third.
    package var isTooMuch: Bool { failed >= 2 || failed + endedEarly >= 3 }
}

/// A boot that seems to have ended badly. It counts once the host has really started anew.
package struct EndedBoot: Codable, Sendable, Hashable {
    package var boot: BootID
    package var image: Digest
    package var failure: BootFailure
    package init(boot: BootID, image: Digest, failure: BootFailure) { (self.boot, self.image, self.failure) = (boot, image, failure) }
}

/// The last image with which a host was operational: it can be brought back to that.
package struct GoodImage: Codable, Sendable, Hashable {
    package var image: Digest
    /// Those that it was operational with.
    package var kernelArguments: [String]
    package init(image: Digest, kernelArguments: [String]) { (self.image, self.kernelArguments) = (image, kernelArguments) }
}

/// The last good image, offered to a host in place of one that failed.
package struct StandIn: Codable, Sendable, Hashable {
    /// The image that failed.
    package var failed: Digest
    package var good: GoodImage
    /// Milliseconds since 1970.
    package var since: Int64
    package init(failed: Digest, good: GoodImage, since: Int64) { (self.failed, self.good, self.since) = (failed, good, since) }
}
