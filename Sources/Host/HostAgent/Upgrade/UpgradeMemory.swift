import FoundationEssentials
package import Primitives

/// What the agent of the old root leaves for the one that comes after it, whichever root that runs in. Below /run, which a soft reboot keeps.
package struct UpgradeMemory: Codable, Sendable, Hashable {
    package var order: String
    /// The boot in which the order was given.
    package var boot: String
    package var former: Digest
    package var target: Digest
    /// For the boot that begins if the host goes back: chosen beforehand, so that a repeated announcement is the same one.
    package var fallbackNonce: String

    package static let file = "/run/bennu/agent/upgrade.json"

    package init(order: String, boot: String, former: Digest, target: Digest, fallbackNonce: String) {
        (self.order, self.boot, self.former, self.target, self.fallbackNonce) = (order, boot, former, target, fallbackNonce)
    }

    package static func load(from host: HostRoot) -> UpgradeMemory? {
        guard let bytes = try? host.read(file) else { return nil }
        return try? JSONDecoder().decode(Self.self, from: Data(bytes))
    }

    package func save(to host: HostRoot) throws(HostFailure) {
        guard let data = try? JSONEncoder().encode(self) else { throw HostFailure(.unwritable, "cannot encode the upgrade") }
        try host.write(Self.file, Array(data), mode: 0o600)
    }

    /// Where an agent that has just started finds itself.
    package enum Standing: Sendable, Hashable {
        /// The old root was never left.
        case notLeft
        /// In the new root.
        case arrived
        /// In the old root again, under the boot of the new one.
        case fellBack
    }

    /// - Parameters:
    ///   - boot: the one that the agent's credential is for.
    ///   - identity: of the root that runs.
    package func standing(boot: String, identity: RootIdentity?) -> Standing {
        if boot == self.boot { return .notLeft }
        return identity?.order == order && identity?.isFallback == false ? .arrived : .fellBack
    }
}
