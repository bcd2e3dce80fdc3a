import BootPolicy
import Dispatch
import Documents
package import FleetModel
import Foundation
import HashTreeCollections
import HostContract
package import ImageStore
package import Journal
package import Logging
package import Primitives
import ServiceLifecycle
package import Store
import Synchronization

/// What all servers share: who the hosts are, what they should run, what they showed. Readers on the boot path touch memory only.
///
/// Documents, claims and placements are durable before anyone is told of them. What servers merely observe is written behind, in batches.
package final class Fleet: Service {
    package let site: SiteKey
    package let siteName: String
    package let journal: Journal
    package let images: ImageRepository
    let store: any Store
    let logger: Logger
    let now: @Sendable () -> Int64
    /// Milliseconds of a clock that only goes forward.
    let uptime: @Sendable () -> Int64
    let state: Mutex<FleetState>
    let downloads = Mutex(DownloadSlots())
    /// When these servers began to listen; milliseconds since 1970.
    let startedAt: Int64
    package let changes = ChangeBell()
    /// Documents, images and placements change one at a time.
    let writer = FleetWriter()
    /// Records are written one batch at a time, as they are at that moment: no older state can follow a newer one.
    private let recordWriter = GroupWriter<HostID>()
    /// The revisions that put the records which these servers have written.
    private let recordRevisions = Mutex<[HostID: Revision]>([:])

    /// Loads everything from the store.
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - uptime: milliseconds of a clock that only goes forward.
    package init(
        siteName: String, site: SiteKey, store: any Store, journal: Journal, images: ImageRepository, logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) },
        uptime: @escaping @Sendable () -> Int64 = { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) }
    ) async throws {
        (self.siteName, self.site, self.store, self.journal, self.images) = (siteName, site, store, journal, images)
        (self.logger, self.now, self.uptime) = (logger, now, uptime)
        startedAt = now()
        state = Mutex(FleetState())
        try await load()
    }

    package var snapshot: FleetState { state.withLock { $0 } }

    /// Writes observations behind until the service group shuts down, and once more after it.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.save()
                await self.acceptUnknown()
                self.settleSilent()
                self.settleDownloads()
                await self.settleLeftPlacements()
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
        await save()
    }

    /// Writes what changed since the last time. What cannot be written stays for the next.
    package func save() async {
        await saveModels()
        let unsaved = state.withLock { state in
            defer { state.unsaved = [] }
            return Array(state.unsaved)
        }
        for start in stride(from: 0, to: unsaved.count, by: Self.savedTogether) {
            let batch = Array(unsaved[start..<min(start + Self.savedTogether, unsaved.count)])
            do {
                try await save(batch)
            } catch {
                logger.warning("cannot write host records", metadata: ["hosts": "\(batch.count)", "error": "\(error)"])
                state.withLock { $0.unsaved.formUnion(batch) }
            }
        }
    }

    /// Records of one commit: a claim that comes meanwhile waits for it.
    private static let savedTogether = 512

    /// Makes what is known of these hosts durable, as it is when the write begins.
    func save(_ ids: [HostID]) async throws {
        try await recordWriter.write(ids) { [self] ids in
            let records = state.withLock { state in ids.map { state.hosts[$0] } }
            let known = recordRevisions.withLock { revisions in ids.map { revisions[$0] } }
            var writes: [FleetKeys.Write] = []
            for (id, (record, revision)) in zip(ids, zip(records, known)) {
                writes.append(FleetKeys.Write(key: try FleetKeys.host(id), value: try record.map { try $0.json }, since: revision))
            }
            let written = try await FleetKeys.writeTogether(writes, in: store)
            recordRevisions.withLock { revisions in for (id, revision) in zip(ids, written) { revisions[id] = revision } }
        }
    }

    package func record(_ events: [BootEvent]) { for event in events { journal.append(event.printable) } }
}

extension Fleet: BootDirectory {
    package var subnets: SubnetTable { state.withLock { $0.subnets } }

    package func sight(_ sighting: Sighting) -> SightedHost {
        let (sighted, events) = state.withLock { state in
            if state.isStranger(sighting) { return (SightedHost(host: nil, boot: nil, name: nil), [BootEvent]()) }
            let time = now()
            var generator = SystemRandomNumberGenerator()
            let found = state.sight(sighting, now: time, using: &generator)
            state.hear(found.0.boot, of: found.0.host, now: time)
            return found
        }
        record(events)
        return sighted
    }

    package func decideBoot(of sighting: Sighting) -> BootDecision {
        let time = now()
        let (decision, _, events) = state.withLock { state in
            let subnet = state.subnet(of: sighting.address)
            var generator = SystemRandomNumberGenerator()
            return state.decideBoot(of: sighting, now: time, using: &generator) { host, boot in
                let request = DownloadSlots.Request(host: host, boot: boot, need: .kernel, subnet: subnet)
                return downloads.withLock { $0.ask(request, now: uptime()) }
            }
        }
        if case .boot(let plan) = decision { downloads.withLock { $0.expect([plan.kernel] + plan.initrds, by: plan.host) } }
        record(events)
        return decision
    }

    package func blob(_ digest: Digest) -> PublishedBlob? { state.withLock { $0.published[digest] } }

    package func bootFile(_ name: String) -> PublishedBlob? {
        state.withLock { state in
            guard let file = state.loaderFiles[name] else { return state.bootFiles[name] }
            return PublishedBlob(digest: file.digest, path: images.path(of: file.digest), size: file.size, role: name)
        }
    }

    package func record(_ event: BootEvent) {
        var event = event
        event.time = now()
        let news = state.withLock { state in
            state.attribute(&event)
            if event.source != .fleet, event.source != .operator { state.hear(event.boot, of: event.host, now: event.time) }
            state.learnAddress(from: event)
            state.learnStep(from: event)
            return state.countLoader(event)
        }
        journal.append(event.printable)
        if let news { journal.append(news.printable) }
    }
}
