import Crypto
package import FleetModel
import Foundation
import HashTreeCollections
package import HostContract
import Logging
import Primitives
import Synchronization

/// What running hosts ask and say.
extension Fleet {
    /// Grants a boot claim; durable before the answer, and the same answer for the same claim.
    /// - Parameter address: where the claim came from.
    package func claim(_ claim: BootClaim, from address: String? = nil) async throws(APIProblem) -> ClaimGrant {
        let time = now()
        let judged = state.withLock { state in
            let result = state.judge(claim, now: time)
            if case .success(let record) = result { state.put(record) }
            return result
        }
        switch judged {
        case .failure(let problem):
            let boot = BootID(claim.boot)
            record(
                BootEvent(
                    host: nil, boot: boot, time: time, source: .configuration, name: "claim-refused", detail: problem.message,
                    attributes: ["reason": problem.code]))
            throw problem
        case .success(let record):
            guard let boot = record.boot else { throw APIProblem(code: "unknown-boot", message: "no boot of \(record.id) is under way") }
            do {
                try await save([record.id])
                let credential = try Credential(host: record.id, boot: boot.id).text(signedWith: site)
                self.record(
                    BootEvent(
                        host: record.id, boot: boot.id, time: time, source: .configuration, name: "claimed",
                        detail: "evidence: \(claim.evidence.type)", attributes: address.map { ["address": $0] } ?? [:]))
                return ClaimGrant(
                    host: record.id.description, boot: boot.id.description, credential: credential, machineID: record.id.machineID)
            } catch {
                throw APIProblem(code: "not-durable", message: "the claim of \(record.id) could not be written; try again", cause: "\(error)")
            }
        }
    }

    /// The host that a bearer credential speaks for.
    package func authorize(_ bearer: String?, boot text: String) throws(APIProblem) -> HostRecord {
        guard let bearer, let credential = Credential(bearer, key: site), let boot = BootID(text) else {
            throw APIProblem(code: "bad-credential", message: "the request needs the credential that the claim of this boot was answered with")
        }
        let time = now()
        return try state.withLock { state in
            state.restore(boot, of: credential.host)
            state.hear(boot, of: credential.host, now: time)
            return state.authorize(credential, boot: boot)
        }.get()
    }

    package func take(_ progress: ProgressReport, from record: HostRecord) {
        for event in progress.events.prefix(100) {
            let fromInitrd = ["initrd-started", "root-fetched", "root-verified", "root-refused", "switching-root", "agent-missing"].contains(
                event.name)
            self.record(
                BootEvent(
                    host: record.id, boot: record.boot?.id, time: 0, source: fromInitrd ? .initrd : .agent,
                    name: String(event.name.prefix(64)), detail: String((event.detail ?? "").prefix(1000))))
        }
    }

    package func take(_ inventory: Inventory, from record: HostRecord) {
        state.withLock { state in
            guard var record = state.hosts[record.id] else { return }
            record.inventory = inventory
            // The other NICs of this host are its own: a boot from any of them is a boot of this host.
            for interface in inventory.interfaces where interface.driver != nil && state.byHardwareAddress[interface.hardwareAddress] == nil {
                guard !interface.hardwareAddress.isZero, !interface.hardwareAddress.isGroup else { continue }
                record.claims.hardwareAddresses.append(interface.hardwareAddress)
            }
            if record.claims.distinguishingUUID == nil, let uuid = inventory.system.uuid, state.byUUID[uuid] == nil { record.claims.uuid = uuid }
            state.put(record)
        }
        self.record(
            BootEvent(
                host: record.id, boot: record.boot?.id, time: 0, source: .agent, name: "inventory",
                detail:
                    "\(inventory.processor.count) CPUs, \(inventory.memoryBytes >> 20) MiB, kernel \(inventory.kernel), \(inventory.firmware.rawValue)"
            ))
    }

    package func take(_ status: StatusReport, from record: HostRecord, at address: String? = nil) async {
        let time = now()
        let (events, releases) = state.withLock { state -> ([BootEvent], Bool) in
            // Between its authorization and this line another boot of the host may have begun.
            guard state.hosts[record.id]?.boot?.id == record.boot?.id else { return ([], false) }
            let events = state.report(status, from: record.id, now: time)
            state.learnAddress(address.flatMap { IPv4Address($0) }, of: record.id)
            return (events, !state.placements(releasedBy: record.id, status, now: time).isEmpty)
        }
        self.record(events)
        if releases { await release(by: record.id, status, now: time) }
    }

    /// One writer at a time: a release must not undo a move that the operator makes at the same moment.
    private func release(by host: HostID, _ status: StatusReport, now: Int64) async {
        await writer.exclusively { [self] in
            let released = state.withLock { $0.placements(releasedBy: host, status, now: now) }
            for (guest, placement) in released { await release(guest, placement) }
        }
    }

    /// Lets a guest start where it was placed, now that its former host has let go of it.
    func release(_ guest: String, _ placement: PlacementRecord) async {
        do {
            try await FleetKeys.write(placement, at: FleetKeys.placement(guest), in: store)
            state.withLock { $0.placements[guest] = placement }
            changes.ring()
        } catch {
            logger.warning("cannot write a placement", metadata: ["guest": "\(guest)", "error": "\(error)"])
        }
    }

    /// The signed configuration of this boot, once it differs from what the host has in force; `nil` when that does not happen within `wait`.
    /// - Parameters:
    ///   - revision: the one that the host has; 0 for none.
    ///   - known: the order that the host has.
    ///   - held: the live hash of the configuration that the host has, whether it is in force yet or not.
    package func configuration(
        for record: HostRecord, after revision: UInt64, order known: String? = nil, live held: String? = nil, wait: Duration
    ) async throws(APIProblem) -> SignedEnvelope? {
        let deadline = ContinuousClock.now + wait
        while true {
            let rings = changes.rings
            let view = snapshot
            // Another boot seems to have begun: this one asks again, which shows that it goes on.
            guard let current = view.hosts[record.id], let boot = current.boot, boot.id == record.boot?.id, let nonce = boot.nonce else { return nil }
            if case .success(let assigned) = view.assignment(of: current) {
                let hashes = ConfigurationHashes(assigned)
                let order = current.upgrade.flatMap { $0.state == .ordered && $0.boot == boot.id ? $0.order : nil }
                let renewal = current.renewal.flatMap { $0.state == .ordered && $0.boot == boot.id ? $0.order : nil }
                // The restart-only part differs until the next start, whatever we send: that is drift, and no reason to send it again.
                let inForce = (held ?? boot.status?.liveHash) == hashes.live
                if revision == 0 || !inForce || (order?.id ?? renewal?.id).map({ $0 != known }) ?? false {
                    return try sign(
                        HostConfiguration(
                            site: siteName, host: current.id.description, boot: boot.id.description, nonce: nonce, revision: max(1, view.revision),
                            settings: assigned.settings, bootHash: hashes.boot, liveHash: hashes.live,
                            image: view.assignedImage(assigned.image, arguments: assigned.settings.kernelArguments), upgrade: order,
                            renewal: order == nil ? renewal : nil))
                }
            }
            let left = deadline - ContinuousClock.now
            guard left > .zero, !Task.isCancelled else { return nil }
            await changes.wait(after: rings, timeout: left)
        }
    }

    private func sign(_ configuration: HostConfiguration) throws(APIProblem) -> SignedEnvelope {
        do {
            let payload = try FleetKeys.encode(configuration)
            let signature = try site.signature(for: payload)
            return SignedEnvelope(payload: Data(payload).base64EncodedString(), signature: Data(signature).base64EncodedString())
        } catch {
            throw APIProblem(code: "cannot-sign", message: "the configuration of \(configuration.host) could not be signed", cause: "\(error)")
        }
    }
}

/// Digests of the two parts of what a host should run. Same boot hash: a restart would change nothing.
package struct ConfigurationHashes: Sendable, Hashable {
    package var boot: String
    package var live: String

    package init(_ assigned: FleetState.Assigned) {
        var live = assigned.settings
        live.kernelArguments = []
        // It is in force by a kernel argument.
        live.guestMemoryMiB = nil
        boot = Self.digest(BootPart(image: assigned.image.digest, arguments: assigned.settings.kernelArguments))
        self.live = Self.digest(live)
    }

    private struct BootPart: Encodable {
        var image: Primitives.Digest
        var arguments: [String]
    }

    private static func digest(_ value: some Encodable) -> String {
        // Encoding values of our own types cannot fail; an empty hash would only mean one needless delivery.
        Hexadecimal.encode(SHA256.hash(data: (try? FleetKeys.encode(value)) ?? []))
    }
}

extension HostID {
    /// 32 hexadecimal digits with the version and variant bits of a random UUID, as systemd asks of a machine-id; the same at every boot.
    package var machineID: String {
        var bytes = Array(SHA256.hash(data: Array("bennu machine-id \(self)".utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return Hexadecimal.encode(bytes)
    }
}
