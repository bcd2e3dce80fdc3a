package import Fleet
import FleetModel
package import Logging
import ServiceLifecycle

/// Starts hosts anew that hang where nothing else can help them. Each boot gets one reset that worked; the images that hosts hang with are the
/// boot server's business (after two or three such starts it offers the last good one).
package struct PowerKeeper: Service {
    private let fleet: Fleet
    private let command: PowerCommand
    private let patience: Duration
    private let pace: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - patience: how long a boot may be silent.
    ///   - pace: between two looks.
    package init(fleet: Fleet, command: PowerCommand, patience: Duration, pace: Duration = .seconds(5), logger: Logger) {
        (self.fleet, self.command, self.patience, self.pace, self.logger) = (fleet, command, patience, pace, logger)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var tries: [BootID: Int] = [:]
            while !Task.isCancelled {
                let stuck = fleet.stuckHosts(patience: patience.components.seconds * 1000)
                tries = tries.filter { boot, _ in stuck.contains { $0.boot == boot } }
                for host in stuck where tries[host.boot, default: 0] < Self.limit {
                    // The commands before this one took their time.
                    guard fleet.stuckHosts(patience: patience.components.seconds * 1000).contains(where: { $0.boot == host.boot }) else { continue }
                    tries[host.boot, default: 0] += 1
                    if await reset(host) { tries[host.boot] = Self.limit }
                }
                try? await Task.sleep(for: pace)
            }
        }
    }

    /// Runs of the command for one boot.
    private static let limit = 3

    private func reset(_ host: StuckHost) async -> Bool {
        let silence = "no word of its agent for \(host.silentFor / 1000) s"
        guard let failure = await command.reset(host) else {
            logger.warning("a host that hung is started anew", metadata: ["host": "\(host.name)", "boot": "\(host.boot)"])
            fleet.recordPower(host, "power-reset", silence)
            return true
        }
        logger.error("a host hangs, and its power command failed", metadata: ["host": "\(host.name)", "reason": "\(failure)"])
        fleet.recordPower(host, "power-failed", "\(silence); \(failure)")
        return false
    }
}
