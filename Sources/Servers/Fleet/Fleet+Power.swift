package import FleetModel
import HashTreeCollections
package import Primitives

/// A host that nothing but its power switch can help.
package struct StuckHost: Sendable, Hashable {
    package var host: HostID
    /// As its document calls it.
    package var name: String
    package var boot: BootID
    package var hardwareAddress: HardwareAddress?
    package var uuid: UniversalUniqueIdentifier?
    /// Milliseconds since the last sign of life of its boot.
    package var silentFor: Int64
}

extension Fleet {
    /// Hosts of the documents whose boot is stuck, by name; never one that guests stand on over a change of the kernel.
    /// - Parameter patience: milliseconds. A host that changes its kernel by order has as long as that order gives it, if that is longer.
    package func stuckHosts(patience: Int64) -> [StuckHost] {
        let (view, time) = (snapshot, now())
        return view.hosts.values.compactMap { record in
            guard let name = record.document, let boot = record.boot else { return nil }
            // Guests may run there though nobody hears of it.
            if boot.kind == .kexec {
                guard let upgrade = record.upgrade, upgrade.successor == boot.id, upgrade.guestsBefore.isEmpty else { return nil }
            }
            let order = record.upgrade.flatMap { $0.successor == boot.id ? $0.silence * 1000 : nil } ?? 0
            let hasRoot = boot.image.flatMap { view.images[$0] }.map { $0.root != nil } ?? true
            let heard = view.lastHeard(of: boot, on: record.id)
            guard boot.isStuck(hasRoot: hasRoot, now: time, serving: startedAt, heard: heard, patience: max(patience, order)) else { return nil }
            return StuckHost(
                host: record.id, name: name, boot: boot.id, hardwareAddress: record.claims.hardwareAddresses.first,
                uuid: record.claims.distinguishingUUID, silentFor: time - max(boot.startedAt, heard ?? 0))
        }.sorted { $0.name < $1.name }
    }

    /// What came of a host's power switch, for its timeline.
    package func recordPower(_ host: StuckHost, _ name: String, _ detail: String) {
        record(BootEvent(host: host.host, boot: host.boot, time: now(), source: .fleet, name: name, detail: detail))
    }
}
