package import HostContract

/// Why no order is given.
package enum UpgradeRefusal: Error, Sendable, Hashable {
    /// The method that was asked for, and all that is in its way.
    case impossible(UpgradeMethod, [UpgradeObstacle])
    /// No method gets there.
    case noMethod
}

extension UpgradePlan {
    /// The method to go by: the one that was asked for, else the cheapest.
    package func admit(_ asked: UpgradeMethod?) throws(UpgradeRefusal) -> UpgradeMethod {
        guard let asked else {
            guard let choice else { throw .noMethod }
            return choice
        }
        let obstacles = self[asked]?.obstacles ?? [UpgradeObstacle(.notAvailable)]
        guard obstacles.isEmpty else { throw .impossible(asked, obstacles) }
        return asked
    }
}
