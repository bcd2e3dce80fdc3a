package import FleetModel
import HashTreeCollections
import HostContract
import Primitives
import Rollout

/// How orders end.
extension FleetState {
    /// What a report says about the order that is under way, and about the image that really runs.
    mutating func settleUpgrade(of record: inout HostRecord, _ status: StatusReport, now: Int64) -> [(name: String, detail: String)] {
        guard var boot = record.boot else { return [] }
        if let root = status.system?.root, boot.image.flatMap({ images[$0]?.root?.digest }) != root,
            let image = images.values.first(where: { $0.root?.digest == root })
        {
            boot.image = image.digest
            record.boot = boot
        }
        guard var upgrade = record.upgrade, upgrade.state == .ordered || upgrade.state == .leaving else { return [] }
        defer { record.upgrade = upgrade }
        if boot.id == upgrade.boot {
            guard let report = status.upgrade, report.order == upgrade.order.id, let failure = report.failure else { return [] }
            return [upgrade.fail(String(failure.prefix(500)))]
        }
        guard boot.id == upgrade.successor || upgrade.order.method == .cold else {
            let reason = "the host started anew meanwhile, with boot \(boot.id)"
            // Servers that were away may have missed its word.
            guard upgrade.leftAt ?? .max >= servingSince else { return [upgrade.fail(reason)] }
            return [upgrade.fail(reason)] + distrustKexec(on: record, after: upgrade, "the host came back by a cold start", now: now)
        }
        upgrade.hasArrived = true
        guard status.operational else { return [] }
        upgrade.successor = boot.id
        // A stand-in started, or what the operator has assigned meanwhile.
        if let image = boot.image, image != upgrade.order.image.image {
            return [upgrade.fail("the host is operational with image \(image.short), not with \(upgrade.order.image.image.short)")]
        }
        upgrade.state = .done
        let outcome = UpgradeOutcome(before: upgrade.guestsBefore, after: status.guests, method: upgrade.order.method)
        learnPause(on: record, from: outcome, of: upgrade, now: now)
        return [(UpgradeStep.done.rawValue, outcome.description)]
    }

    /// Hosts that left for another kernel, and from which no word came within their deadline.
    /// - Parameter since: when these servers began to listen: what they could not hear proves nothing.
    package mutating func settleSilent(now: Int64, since: Int64) -> [BootEvent] {
        var events: [BootEvent] = []
        for host in leaving {
            guard var record = hosts[host], var upgrade = record.upgrade, upgrade.order.method.changesKernel, upgrade.hasArrived != true,
                let left = upgrade.leftAt, now - max(left, since) > upgrade.silence * 1000
            else { continue }
            let reason = "no word came from the new system within \(upgrade.silence) s"
            var news = [upgrade.fail(reason)]
            news += distrustKexec(on: record, after: upgrade, reason, now: now)
            record.upgrade = upgrade
            put(record)
            events += news.map {
                BootEvent(host: host, boot: record.boot?.id, time: now, source: .fleet, name: $0.name, detail: $0.detail)
            }
        }
        return events
    }

    /// Learns that a kernel did not start another on this hardware. Nothing is learned from an order of another kind, or once the new system spoke.
    private mutating func distrustKexec(
        on record: HostRecord, after upgrade: UpgradeRecord, _ reason: String, now: Int64
    ) -> [(name: String, detail: String)] {
        guard upgrade.order.method.changesKernel, upgrade.leftAt != nil, upgrade.hasArrived != true else { return [] }
        let model = HardwareModel(of: record.inventory)
        var learned = models[model] ?? ModelRecord(model: model)
        let host = record.document ?? record.id.description
        learned.kexecFailure = .init(host: host, order: upgrade.order.id, reason: reason, time: now)
        put(learned)
        return [("kexec-distrusted", "\(model): \(reason); warm and save are not taken on this model until: bennu upgrade trust \(host)")]
    }

    /// A host that came back by itself went from one kernel to another twice, however late it says so.
    mutating func forgiveKexec(on record: HostRecord, for order: String) {
        let model = HardwareModel(of: record.inventory)
        guard var learned = models[model], learned.kexecFailure?.order == order else { return }
        learned.kexecFailure = nil
        put(learned)
    }

    private mutating func learnPause(on record: HostRecord, from outcome: UpgradeOutcome, of upgrade: UpgradeRecord, now: Int64) {
        guard upgrade.order.method.changesKernel, let longest = outcome.guests.compactMap(\.pause).max() else { return }
        let model = HardwareModel(of: record.inventory)
        var learned = models[model] ?? ModelRecord(model: model)
        let saved = upgrade.guestsBefore.filter { $0.state == "running" && $0.memory != .kept }.reduce(UInt64(0)) { total, guest in
            let (sum, overflows) = total.addingReportingOverflow(guest.memoryBytes ?? 0)
            return overflows ? .max : sum
        }
        // Without memory set aside there is no other place. It is the same before and after.
        let isOnDisk = upgrade.order.method == .save && GuestMemoryRegion.arguments(among: upgrade.order.image.kernelArguments).isEmpty
        learned[pauseBy: upgrade.order.method] = .init(
            milliseconds: longest, savedBytes: saved, onDisk: isOnDisk ? true : nil, host: record.document ?? record.id.description, time: now)
        put(learned)
    }

    mutating func put(_ model: ModelRecord) {
        models[model.model] = model
        unsavedModels.insert(model.model)
    }
}

extension UpgradeRecord {
    /// Seconds that a host may be silent on its way: one with a way back needs as long again for that, and the start of a kernel more.
    var silence: Int64 { order.former == nil ? Int64(order.deadline) : Int64(order.deadline) * 2 + 60 }

    /// Ends the order, and says so in the timeline.
    fileprivate mutating func fail(_ reason: String) -> (name: String, detail: String) {
        (state, failure) = (.failed, reason)
        return ("upgrade-failed", reason)
    }
}
