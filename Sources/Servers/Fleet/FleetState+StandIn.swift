package import FleetModel
import HashTreeCollections
import HostContract
import Primitives

/// Images that fail to start, and the last good one in their place.
extension FleetState {
    /// What a host is told to start.
    struct Start {
        var image: CatalogImage
        var arguments: [String]
        /// For people.
        var reference: String
    }

    /// Keeps what a boot that another one follows seems to have shown of its image. It counts when the host really starts anew.
    func suspect(_ last: BootRecord, in record: inout HostRecord, now: Int64) {
        let hasRoot = last.image.flatMap { images[$0] }.map { $0.root != nil } ?? true
        guard let image = last.image, let failure = BootFailure(of: last, hasRoot: hasRoot, endedAt: now, serving: servingSince) else { return }
        record.ended = EndedBoot(boot: last.id, image: image, failure: failure)
    }

    /// The assigned image, or the last good one in its place once the assigned one has failed too often.
    func chooseStart(of record: inout HostRecord, _ assigned: Assigned, now: Int64) -> (start: Start, events: [BootEvent]) {
        var events: [BootEvent] = []
        func note(_ name: String, _ detail: String, boot: BootID?) {
            events.append(BootEvent(host: record.id, boot: boot, time: now, source: .fleet, name: name, detail: detail))
        }
        let ended = record.ended ?? loadedInVain(&record)
        record.ended = nil
        if let ended {
            var trouble = record.trouble.flatMap { $0.image == ended.image ? $0 : nil } ?? ImageTrouble(image: ended.image)
            trouble.count(ended.failure)
            record.trouble = trouble
            note("boot-failed", "image \(ended.image.short): \(ended.failure.text) (\(trouble.text))", boot: ended.boot)
        }
        // Another image than the one that failed gets its own chance.
        if record.standIn.map({ $0.failed != assigned.image.digest }) ?? false { record.standIn = nil }
        if record.standIn == nil, let trouble = record.trouble, trouble.image == assigned.image.digest, trouble.isTooMuch {
            let failed = "image \(assigned.reference) (\(trouble.image.short)) failed to start (\(trouble.text))"
            if let good = record.lastGood, good.image != trouble.image, images[good.image] != nil {
                record.standIn = StandIn(failed: trouble.image, good: good, since: now)
                note(
                    "stand-in-chosen",
                    "\(failed); the last good image \(good.image.short) starts in its place, until: bennu host set \(assigned.name) --image REFERENCE",
                    boot: record.boot?.id)
            } else if ended != nil {
                note(
                    "no-stand-in", "\(failed), and this host was never operational with another that is here; it is tried again",
                    boot: record.boot?.id)
            }
        }
        guard let standIn = record.standIn, let image = images[standIn.good.image] else {
            let start = Start(
                image: assigned.image, arguments: assigned.settings.kernelArguments, reference: assigned.reference.description)
            return (start, events)
        }
        let start = Start(
            image: image, arguments: standIn.good.kernelArguments, reference: "\(name(of: image)) in place of \(assigned.reference)")
        return (start, events)
    }

    /// A boot loader that asks again in the same boot, after all was sent: it could not start what it had.
    private func loadedInVain(_ record: inout HostRecord) -> EndedBoot? {
        guard var boot = record.boot, boot.phase == .kernel, let image = boot.image, boot.steps?.contains(.loaded) ?? false else { return nil }
        // The next time counts only if all is sent again.
        boot.steps?.removeAll { $0 == .loaded }
        record.boot = boot
        return EndedBoot(boot: boot.id, image: image, failure: .notStarted)
    }

    /// Its first reference, else the beginning of its digest.
    func name(of image: CatalogImage) -> String {
        references.filter { $0.value == image.digest }.map(\.key.description).min() ?? image.digest.short
    }

    /// A host that is operational proves its image.
    func proveImage(in record: inout HostRecord) {
        guard let image = record.boot?.image else { return }
        record.lastGood = GoodImage(image: image, kernelArguments: record.boot?.kernelArguments ?? [])
        if record.trouble?.image == image { record.trouble = nil }
    }

    /// The operator has chosen: whatever failed is tried again.
    mutating func forgetTrouble(of host: HostID) {
        guard var record = hosts[host], record.trouble != nil || record.standIn != nil || record.ended != nil else { return }
        (record.trouble, record.standIn, record.ended) = (nil, nil, nil)
        put(record)
    }

    /// How far a boot came, as the servers that sent its parts and its initrd tell.
    package mutating func learnStep(from event: BootEvent) {
        let step: BootRecord.Step? =
            switch (event.source, event.name) {
            case (.http, "seal-sent"): .loaded
            case (.initrd, "root-verified"): .rootVerified
            case (.initrd, "root-refused"): .rootRefused
            case (.initrd, "agent-missing"): .agentMissing
            default: nil
            }
        guard let step, let host = event.host, var record = hosts[host], var boot = record.boot, boot.id == event.boot,
            !(boot.steps ?? []).contains(step)
        else { return }
        boot.steps = (boot.steps ?? []) + [step]
        record.boot = boot
        put(record)
    }
}
