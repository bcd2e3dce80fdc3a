package import HostContract

/// Why no order is given.
package enum UpgradeRefusal: Error, Sendable, Hashable {
    /// The method that was asked for, and all that is in its way.
    case impossible(UpgradeMethod, [UpgradeObstacle])
    /// No method gets there.
    case noMethod
}

extension UpgradePlan {
    /// The method to go by: the one that was asked for, else the cheapest. Guests are not restarted unasked where another method only waits for
    /// the host to be operational.
    package func admit(_ asked: UpgradeMethod?) throws(UpgradeRefusal) -> UpgradeMethod {
        guard let asked else {
            guard let choice else { throw .noMethod }
            if choice == .cold, !guests.isEmpty, let waiting = candidates.first(where: { $0.obstacles.map(\.code) == [.notOperational] }) {
                throw .impossible(waiting.method, waiting.obstacles)
            }
            return choice
        }
        let obstacles = self[asked]?.obstacles ?? [UpgradeObstacle(.notAvailable)]
        guard obstacles.isEmpty else { throw .impossible(asked, obstacles) }
        return asked
    }
}
