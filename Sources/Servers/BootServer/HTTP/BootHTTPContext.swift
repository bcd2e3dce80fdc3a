import Fleet
import FleetModel
import Logging
import NIOCore
import Primitives
import Synchronization

/// What all connections of the boot server share.
final class BootHTTPContext: Sendable {
    let directory: any BootDirectory
    let advertised: AdvertisedServers
    let limits: HTTPLimits
    let counters: OutcomeCounters
    let logger: Logger
    let files = BlobFiles()
    let rates: RequestRates
    /// What each waiting host was last told: it asks every ten seconds, and its timeline needs to say it once.
    private let lastWaits = Mutex<[HardwareAddress: String]>([:])

    init(
        directory: any BootDirectory, advertised: AdvertisedServers, limits: HTTPLimits, counters: OutcomeCounters, logger: Logger
    ) {
        (self.directory, self.advertised, self.limits) = (directory, advertised, limits)
        (self.counters, self.logger) = (counters, logger)
        rates = RequestRates(perSecond: limits.requestsPerSecond)
    }

    /// True when `address` was not told this the last time; `nil` means it was given an image.
    func isNews(_ told: String?, for address: HardwareAddress) -> Bool {
        lastWaits.withLock { waits in
            guard waits[address] != told else { return false }
            // Anyone can invent addresses; to forget only repeats an event.
            if waits.count >= 16384 { waits.removeAll() }
            waits[address] = told
            return true
        }
    }

    func record(
        _ source: BootEvent.Source, _ name: String, host: HostID? = nil, boot: BootID? = nil, detail: String, attributes: [String: String]
    ) {
        directory.record(BootEvent(host: host, boot: boot, time: 0, source: source, name: name, detail: detail, attributes: attributes))
    }
}
