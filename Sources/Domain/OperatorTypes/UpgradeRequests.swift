package import FleetModel
package import HostContract
package import Primitives
package import Rollout

/// `bennu host upgrade` and `bennu host restart`.
package struct UpgradeRequest: Codable, Sendable, Hashable {
    /// The image reference to assign first; `nil` for the one that is assigned.
    package var image: String?
    /// `nil` for the cheapest.
    package var method: UpgradeMethod?
    /// Seconds for the new system to become operational.
    package var deadline: Int
    /// True to start the same system again.
    package var isRestart: Bool
    package init(image: String? = nil, method: UpgradeMethod? = nil, deadline: Int = 600, isRestart: Bool = false) {
        (self.image, self.method, self.deadline, self.isRestart) = (image, method, deadline, isRestart)
    }
}

/// `bennu upgrade trust`: a hardware model as it is listed, or a host of that model.
package struct ModelTrust: Codable, Sendable, Hashable {
    package var model: String
    package init(model: String) { self.model = model }
}

/// What an upgrade of a host would do, or has begun to do.
package struct UpgradeOutlook: Codable, Sendable, Hashable {
    package var host: HostID
    package var name: String
    package var boot: BootID
    package var runs: Digest?
    /// `name:tag` and digest of the image to get to.
    package var reference: String
    package var target: Digest
    package var plan: UpgradePlan
    /// The order that was given; `nil` when nothing was ordered, or nothing needs to be.
    package var upgrade: UpgradeRecord?
    package init(
        host: HostID, name: String, boot: BootID, runs: Digest?, reference: String, target: Digest, plan: UpgradePlan,
        upgrade: UpgradeRecord? = nil
    ) {
        (self.host, self.name, self.boot, self.runs) = (host, name, boot, runs)
        (self.reference, self.target, self.plan, self.upgrade) = (reference, target, plan, upgrade)
    }
}
