package import FleetModel
import HashTreeCollections
package import HostContract
import Primitives

extension FleetState {
    /// Judges a boot claim. On success the record that must be durable before anybody is told.
    package func judge(_ claim: BootClaim, now: Int64) -> Result<HostRecord, APIProblem> {
        func refuse(_ code: String, _ message: String) -> Result<HostRecord, APIProblem> { .failure(APIProblem(code: code, message: message)) }

        guard claim.contract >= ContractVersion.oldest else {
            return refuse(
                "contract-too-old", "this image speaks contract \(claim.contract), and this server needs \(ContractVersion.oldest) or newer")
        }
        guard let boot = BootID(claim.boot) else { return refuse("malformed-claim", "\"\(claim.boot.prefix(40))\" is no boot id") }
        guard claim.nonce.utf8.count == 32, Hexadecimal.decode(Array(claim.nonce.utf8)) != nil else {
            return refuse("malformed-claim", "the nonce must be 32 hexadecimal digits")
        }
        guard (1...64).contains(claim.macs.count) else { return refuse("malformed-claim", "a claim names 1 to 64 hardware addresses") }
        guard let host = byBoot[boot] ?? claim.macs.lazy.compactMap({ byHardwareAddress[$0] }).first, var record = hosts[host] else {
            return refuse("unknown-host", "no host has the hardware address \(claim.macs[0]); it must start from this site's boot server")
        }
        guard claim.macs.contains(where: record.claims.hardwareAddresses.contains) else {
            return refuse("claim-mismatch", "boot \(boot) belongs to another host than \(claim.macs[0])")
        }
        guard record.document != nil else {
            return refuse("host-not-accepted", "host \(host) is not accepted yet; see: bennu host accept \(host)")
        }
        var current = record.boot ?? BootRecord(id: boot, kind: .cold, predecessor: nil, startedAt: now)
        if current.id != boot {
            // A boot that began before our last restart may have been lost with it; one that was followed by another has ended.
            let isRunning = ClaimView(state: self, now: now).isRunning(host)
            guard current.phase >= .claimed, byBoot[boot] == nil, current.predecessor != boot, !isRunning else {
                return refuse("boot-superseded", "boot \(boot) of host \(host) was followed by \(current.id)")
            }
            current = BootRecord(id: boot, kind: .cold, predecessor: current.id, startedAt: now)
        }
        if let taken = current.nonce, taken != claim.nonce {
            return refuse("claim-taken", "boot \(boot) was claimed before with another nonce; restart the host to begin a new boot")
        }
        current.nonce = claim.nonce
        current.phase = max(current.phase, .claimed)
        record.boot = current
        record.overtaken = nil
        return .success(record)
    }

    /// The host and its boot that a credential speaks for, as long as that boot is the current one.
    package func authorize(_ credential: Credential, boot: BootID) -> Result<HostRecord, APIProblem> {
        guard credential.boot == boot else {
            return .failure(APIProblem(code: "other-boot", message: "the credential is for another boot than \(boot)"))
        }
        guard let record = hosts[credential.host] else {
            return .failure(APIProblem(code: "unknown-host", message: "host \(credential.host) was removed from this site"))
        }
        guard record.boot?.id == boot else {
            return .failure(APIProblem(code: "boot-superseded", message: "boot \(boot) is not the current one of host \(credential.host)"))
        }
        return .success(record)
    }

    /// A host that speaks with the credential of the boot before shows that it never ended: what seemed to begin another was not this host.
    package mutating func restore(_ boot: BootID, of host: HostID) {
        guard var record = hosts[host], let overtaken = record.overtaken, overtaken.id == boot else { return }
        record.boot = overtaken
        record.overtaken = nil
        record.ended = nil
        put(record)
    }

    /// Takes in what the agent reports, and says what of it belongs into the timeline.
    package mutating func report(_ status: StatusReport, from host: HostID, now: Int64) -> [BootEvent] {
        guard var record = hosts[host], var boot = record.boot else { return [] }
        var events: [BootEvent] = []
        func note(_ name: String, _ detail: String, _ attributes: [String: String] = [:]) {
            events.append(
                BootEvent(host: host, boot: boot.id, time: now, source: .agent, name: name, detail: detail, attributes: attributes))
        }
        let before = Dictionary(boot.status?.items.map { ($0.item, $0) } ?? [], uniquingKeysWith: { _, last in last })
        // What was brought in force a moment ago and still is, is no news; what had failed is.
        func isNews(_ item: ItemStatus) -> Bool {
            guard let last = before[item.item]?.state else { return true }
            return item.state != last && (item.state != .inForce || last == .failed)
        }
        for item in status.items where isNews(item) {
            note("item-\(item.state.rawValue)", item.detail.isEmpty ? "\(item.item)" : "\(item.item): \(item.detail)")
        }
        let guestsBefore = Dictionary(boot.status?.guests.map { ($0.name, $0.state) } ?? [], uniquingKeysWith: { _, last in last })
        for guest in status.guests where guestsBefore[guest.name] != guest.state {
            note("guest-\(guest.state.replacing(" ", with: "-"))", guest.name)
        }

        let failed = status.items.filter { $0.state == .failed }.map { "\($0.item)" }
        if status.operational {
            if boot.phase != .operational { note(UpgradeStep.operational.rawValue, "revision \(status.revision)", ["uptime": "\(status.uptime)"]) }
            boot.operationalAt = boot.operationalAt ?? now
            boot.phase = .operational
        } else if status.revision > 0 {
            if !failed.isEmpty, boot.phase != .failed { note("degraded", failed.joined(separator: ", ")) }
            // A host that was operational and now works on a change is converging again, not booting anew: operationalAt tells.
            boot.phase = failed.isEmpty ? .converging : .failed
        } else if boot.phase < .agent {
            boot.phase = .agent
        }
        boot.lastReport = now
        boot.status = status
        record.boot = boot
        for (name, detail) in settleUpgrade(of: &record, status, now: now) { note(name, detail) }
        for (name, detail) in settleRenewal(of: &record, status) { note(name, detail) }
        if status.operational { proveImage(in: &record) }
        put(record)
        return events
    }

    /// Placements that a report of their former host sets free: it has in force what no longer names the guest, and the guest does not run.
    package func placements(releasedBy host: HostID, _ status: StatusReport, now: Int64) -> [String: PlacementRecord] {
        let awaiting = placements.filter { $0.value.awaiting == host && now > $0.value.since }
        guard !awaiting.isEmpty, let record = hosts[host], case .success(let assigned) = assignment(of: record) else { return [:] }
        guard status.liveHash == ConfigurationHashes(assigned).live else { return [:] }
        let alive = Set(status.guests.filter { !["shut off", "crashed"].contains($0.state) }.map(\.name))
        return awaiting.filter { !alive.contains($0.key) }.mapValues { $0.released(now: now) }
    }

    /// Placements that wait for a host which the operator has removed: that is his word that nothing runs there any more.
    package func placements(awaiting host: HostID, now: Int64) -> [String: PlacementRecord] {
        placements.filter { $0.value.awaiting == host }.mapValues { $0.released(now: now) }
    }
}
