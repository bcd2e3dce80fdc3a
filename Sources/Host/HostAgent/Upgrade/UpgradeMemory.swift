import FoundationEssentials
import HostContract
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
    /// Of the boot that the server was asked to begin, once it was: it may have begun it though nobody heard of it.
    package var nonce: String?

    package static let file = "/run/bennu/agent/upgrade.json"

    package init(order: String, boot: String, former: Digest, target: Digest, fallbackNonce: String) {
        (self.order, self.boot, self.former, self.target, self.fallbackNonce) = (order, boot, former, target, fallbackNonce)
    }

    /// Writes down where an order is carried out. Taken up again after a failure, it is the same succession.
    static func begin(_ order: String, boot: String, former: Digest, target: Digest, in host: HostRoot) throws(HostFailure) {
        if let known = load(from: host), known.order == order, known.boot == boot, known.former == former, known.target == target { return }
        try UpgradeMemory(order: order, boot: boot, former: former, target: target, fallbackNonce: SoftUpgrade.nonce()).save(to: host)
    }

    /// The claim to announce the next boot with; the same one each time.
    static func announcement(in host: HostRoot) throws(HostFailure) -> SuccessorClaim {
        guard var memory = load(from: host) else { throw HostFailure(.missing, "\(file) is not there: nobody knows what is left for what") }
        let nonce = memory.nonce ?? SoftUpgrade.nonce()
        if memory.nonce == nil {
            memory.nonce = nonce
            try memory.save(to: host)
        }
        return SuccessorClaim(nonce: nonce, root: memory.target, order: memory.order)
    }

    /// The order is given up before this system was left. What the server may have begun is forgotten when it has heard of that.
    static func giveUp(in host: HostRoot) {
        if load(from: host)?.nonce == nil { try? host.remove(file) }
    }

    /// The server has taken in that an order failed here: it begins no boot for it any more.
    static func settle(_ status: UpgradeStatus?, boot: String, in host: HostRoot) {
        guard let status, status.failure != nil, let memory = load(from: host), memory.order == status.order, memory.boot == boot else { return }
        try? host.remove(file)
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
