package import FleetModel
import HashTreeCollections
import HostContract
import Primitives

extension FleetState {
    /// A boot that has not come further for so long is over: the next first message begins another. Milliseconds.
    static let patience: Int64 = 300_000

    /// A running system that belongs to no host: a guest, a laptop. It leaves nothing behind, and most messages of a busy wire are of this kind.
    func isStranger(_ sighting: Sighting) -> Bool {
        sighting.stage == .system && sighting.uuid == nil && byHardwareAddress[sighting.hardwareAddress] == nil
    }

    /// Takes in one message: whose is it, and which boot does it belong to? Returns the events that this alone makes.
    package mutating func sight(
        _ sighting: Sighting, now: Int64, using generator: inout some RandomNumberGenerator
    ) -> (SightedHost, [BootEvent]) {
        guard !sighting.hardwareAddress.isZero, !sighting.hardwareAddress.isGroup else {
            return (SightedHost(host: nil, boot: nil, name: nil), [])
        }
        var events: [BootEvent] = []
        guard var record = identify(sighting, now: now, events: &events, using: &generator) else {
            return (SightedHost(host: nil, boot: nil, name: nil), [])
        }
        if let boot = Self.boot(after: record.boot, sighting: sighting, now: now, using: &generator), boot != record.boot {
            if boot.id != record.boot?.id {
                events.append(
                    BootEvent(
                        host: record.id, boot: boot.id, time: now, source: .fleet, name: UpgradeStep.bootBegan.rawValue,
                        detail: sighting.firmware ?? sighting.stage.rawValue))
            }
            if boot.id != record.boot?.id, let last = record.boot {
                if last.phase >= .claimed { record.overtaken = last }
                suspect(last, in: &record, now: now)
            }
            record.boot = boot
        }
        record.firmware = sighting.stage < .script ? sighting.firmware ?? record.firmware : record.firmware
        if record != hosts[record.id] { put(record) }
        let isUp = (record.boot?.phase ?? .operational) >= .operational || record.boot?.operationalAt != nil
        let running = sighting.stage == .system && isUp
        return (SightedHost(host: record.id, boot: running ? nil : record.boot?.id, name: record.document), events)
    }

    /// The record of the host that sent this, made or corrected as its claims demand; `nil` for a stranger that is booting nothing.
    private mutating func identify(
        _ sighting: Sighting, now: Int64, events: inout [BootEvent], using generator: inout some RandomNumberGenerator
    ) -> HostRecord? {
        let decision = HostIdentity.resolve(
            uuid: sighting.uuid, hardwareAddress: sighting.hardwareAddress, in: ClaimView(state: self, now: now))
        switch decision {
        case .known(let id):
            return hosts[id]
        case .learned(let id, let change):
            guard var record = hosts[id] else { return nil }
            switch change {
            case .newNIC, .movedNIC:
                if let other = byHardwareAddress[sighting.hardwareAddress], other != id, var loser = hosts[other] {
                    loser.claims.hardwareAddresses.removeAll { $0 == sighting.hardwareAddress }
                    put(loser)
                }
                record.claims.hardwareAddresses.append(sighting.hardwareAddress)
            case .swappedBoard, .learnedUUID:
                record.claims.uuid = sighting.uuid
            }
            put(record)
            events.append(
                BootEvent(
                    host: id, boot: record.boot?.id, time: now, source: .fleet, name: "identity-\(change.rawValue)",
                    detail: "\(sighting.hardwareAddress), UUID \(sighting.uuid?.description ?? "none")"))
            return record
        case .new(let usesUUID):
            guard sighting.stage != .system else { return nil }
            let claims = HostClaims(uuid: usesUUID ? sighting.uuid : nil, hardwareAddresses: [sighting.hardwareAddress])
            let record = HostRecord(id: HostID(using: &generator), claims: claims, discoveredAt: now, firmware: sighting.firmware)
            put(record)
            forgetUnaccepted()
            events.append(
                BootEvent(
                    host: record.id, boot: nil, time: now, source: .fleet, name: "host-discovered",
                    detail: "\(sighting.hardwareAddress), UUID \(sighting.uuid?.description ?? "none"), \(sighting.firmware ?? "")"))
            return record
        }
    }

    /// The boot that this message belongs to: the one under way, or a new one.
    private static func boot(
        after last: BootRecord?, sighting: Sighting, now: Int64, using generator: inout some RandomNumberGenerator
    ) -> BootRecord? {
        func begin(_ phase: BootRecord.Phase) -> BootRecord {
            var boot = BootRecord(id: BootID(using: &generator), kind: .cold, predecessor: last?.id, startedAt: now)
            boot.phase = phase
            return boot
        }
        guard var current = last else {
            switch sighting.stage {
            case .firmware: return begin(.firmware)
            case .loader, .script: return begin(.loader)
            case .system: return nil
            }
        }
        let isStale = now - current.startedAt > patience
        switch sighting.stage {
        case .firmware:
            // Firmware repeats itself until it is answered; only from a boot that went on is this a new start.
            guard sighting.isFirstMessage else { return current }
            return current.phase == .firmware && !isStale ? current : begin(.firmware)
        case .loader:
            // iPXE that we chainloaded goes on with the boot; iPXE in a NIC's ROM begins one.
            guard current.phase <= .loader, !isStale else { return sighting.isFirstMessage ? begin(.loader) : current }
            current.phase = .loader
            return current
        case .script:
            guard current.phase <= .kernel else { return begin(.loader) }
            current.phase = max(current.phase, .loader)
            return current
        case .system:
            return current
        }
    }
}
