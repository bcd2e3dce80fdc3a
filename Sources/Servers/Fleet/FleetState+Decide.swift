package import BootPolicy
import Documents
package import FleetModel
import HashTreeCollections
package import HostContract
import OperatorTypes
import Primitives

extension FleetState {
    /// What a host should run: image and settings, from the documents in force.
    package func assignment(of record: HostRecord) -> Result<Assigned, Obstacle> {
        guard let name = record.document, documents.host(name) != nil else {
            let claim = record.claims.hardwareAddresses.first?.description ?? record.id.description
            return .failure(
                Obstacle(
                    reason: .notAccepted, message: "host \(record.id) is not accepted yet; accept it with: bennu host accept \(claim) --name NAME"))
        }
        guard let reference = documents.imageReference(forHost: name) else {
            return .failure(
                Obstacle(
                    reason: .noImageAssigned, message: "host \(name) has no image; assign one with: bennu host set \(name) --image NAME:TAG"))
        }
        guard let digest = documents.pinnedDigest(of: reference) ?? references[reference] else {
            return .failure(
                Obstacle(
                    reason: .imageMissing, message: "host \(name) wants image \(reference), and no image has that reference; see: bennu image list"))
        }
        guard let image = images[digest] else {
            return .failure(
                Obstacle(
                    reason: .imageIncomplete,
                    message: "image \(reference) (\(digest.short)) is not complete on this server; import it again with: bennu image import DIR"))
        }
        return .success(Assigned(name: name, reference: reference, image: image, settings: settings(of: record, name: name)))
    }

    package struct Assigned: Sendable {
        package var name: String
        package var reference: ImageReference
        package var image: CatalogImage
        package var settings: HostSettings
    }

    package struct Obstacle: Error, Sendable, Hashable {
        package var reason: BootDecision.WaitReason
        package var message: String
    }

    /// The settings of one host with the guests that it may run now.
    func settings(of record: HostRecord, name: String) -> HostSettings {
        var settings = documents.settings(forHost: name) ?? HostSettings(hostName: name)
        settings.kernelArguments = kernelArguments(of: record, name: name, settings: settings)
        settings.guests = settings.guests.compactMap { guest in
            guard let placement = placements[guest.name], placement.host == record.id, placement.awaiting == nil else { return nil }
            var guest = guest
            guest.placement = Guest.Placement(host: record.id.description, generation: placement.generation)
            return guest
        }
        return settings
    }

    /// What the iPXE of this host does next. Marks the boot as having gone on to its kernel when there is one to boot.
    /// - Parameter admit: whether the host may download now; asked only when it has something to.
    package mutating func decideBoot(
        of sighting: Sighting, now: Int64, using generator: inout some RandomNumberGenerator,
        admit: (HostID, BootID) -> DownloadSlots.Answer = { _, _ in .go(nil) }
    ) -> (BootDecision, SightedHost, [BootEvent]) {
        var (sighted, events) = sight(sighting, now: now, using: &generator)
        guard let host = sighted.host, let boot = sighted.boot, var record = hosts[host] else {
            let message = "the hardware address \(sighting.hardwareAddress) cannot be a host's"
            return (.wait(.notAccepted, message: message), sighted, events)
        }
        switch assignment(of: record) {
        case .failure(let obstacle):
            return (.wait(obstacle.reason, message: obstacle.message), sighted, events)
        case .success(let assigned):
            switch admit(host, boot) {
            case .wait(let place, let seconds): return (.queue(place, seconds: seconds), sighted, events)
            case .go(let wait):
                if let wait { events += note([wait], now: now) }
                record = hosts[host] ?? record
            }
            let isAskedAgain = record.boot?.phase == .kernel
            let (start, news) = chooseStart(of: &record, assigned, now: now)
            events += news
            // At once: whatever a host shows is copied for each change.
            record.boot = record.boot.map { boot in
                var boot = boot
                (boot.phase, boot.image) = (.kernel, start.image.digest)
                (boot.kernel, boot.kernelArguments) = (start.image.kernel.digest, start.arguments)
                return boot
            }
            if record != hosts[host] { put(record) }
            if !isAskedAgain, assigned.settings.guestMemoryMiB != nil, let obstacle = guestMemory(of: record, name: assigned.name)?.obstacle {
                events.append(
                    BootEvent(host: host, boot: boot, time: now, source: .fleet, name: "guest-memory-refused", detail: obstacle))
            }
            let plan = BootPlan(
                host: host, boot: boot, name: assigned.name, imageReference: start.reference, image: start.image.digest,
                kernel: start.image.kernel.digest, initrds: initrds(of: start.image).map(\.digest), root: start.image.root?.digest,
                arguments: start.arguments)
            return (.boot(plan), sighted, events)
        }
    }
}
