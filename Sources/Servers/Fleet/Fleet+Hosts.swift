import Documents
package import FleetModel
import Foundation
import HashTreeCollections
package import HostContract
import Journal
import Logging
package import OperatorTypes
import Primitives
import Synchronization

/// What operators ask about hosts, and do with them.
extension Fleet {
    package func hostList() -> [HostSummary] {
        let (view, queue) = (snapshot, queue)
        return view.hosts.values.map { view.summary(of: $0, now: now(), queue: queue[$0.id]) }
            .sorted { ($0.name ?? "~\($0.id)", $0.id) < ($1.name ?? "~\($1.id)", $1.id) }
    }

    package func hostDetail(_ name: String) throws(APIProblem) -> HostDetail {
        let view = snapshot
        let record = try view.known(name)
        return view.detail(of: record, now: now(), queue: queue[record.id])
    }

    /// The number of hosts in each state.
    package func hostCounts() -> [String: Int] {
        let time = now()
        return snapshot.hosts.values.reduce(into: [:]) { $0[HostState(of: $1, now: time).rawValue, default: 0] += 1 }
    }

    /// Writes the Host document that makes a discovered host one of the site's.
    package func accept(_ text: String, _ edit: HostEdit) async throws -> HostDetail {
        try await writer.exclusively { [self] in try await acceptAlone(text, edit) }
    }

    private func acceptAlone(_ text: String, _ edit: HostEdit) async throws -> HostDetail {
        let record = try snapshot.known(text)
        if let name = record.document {
            throw APIProblem(code: "taken", message: "host \(text) is accepted already, as \(name); change it with: bennu host set \(name)")
        }
        guard let name = edit.name else {
            throw APIProblem(code: "malformed-name", message: "an accepted host needs a name; give --name")
        }
        guard snapshot.documents.host(name) == nil else {
            throw APIProblem(code: "taken", message: "a host is called \(name) already; choose another name")
        }
        var spec = HostSpec(uuid: record.claims.distinguishingUUID, hardwareAddresses: record.claims.hardwareAddresses)
        try spec.take(edit)
        try await write(name, spec.yaml(metadata: Metadata(name: name)))
        self.record([
            BootEvent(host: record.id, boot: record.boot?.id, time: now(), source: .operator, name: "host-accepted", detail: "as \(name)")
        ])
        return try hostDetail(name)
    }

    package func edit(_ text: String, _ edit: HostEdit) async throws -> HostDetail {
        try await writer.exclusively { [self] in try await editAlone(text, edit) }
    }

    private func editAlone(_ text: String, _ edit: HostEdit) async throws -> HostDetail {
        let view = snapshot
        guard let name = try view.known(text).document, let document = view.documents[.host, name], case .host(var spec) = document.spec
        else {
            throw APIProblem(
                code: "host-not-accepted", message: "host \(text) is only discovered; accept it with: bennu host accept \(text) --name NAME")
        }
        try spec.take(edit)
        try await write(name, document.edited(edit, to: spec) ?? spec.yaml(metadata: document.metadata))
        if edit.image != nil { try await forgetTrouble(of: text) }
        return try hostDetail(name)
    }

    /// The operator chose an image, be it the same: what failed before is tried again. Durable before the answer.
    func forgetTrouble(of text: String) async throws {
        guard let id = snapshot.host(named: text)?.id else { return }
        state.withLock { $0.forgetTrouble(of: id) }
        try await save([id])
    }

    private func write(_ name: String, _ yaml: String) async throws {
        let path = "Host/\(name)"
        let result = try await applyAlone(ApplyRequest(files: [.init(path: path, text: yaml)], dryRun: false))
        if let mistake = result.mistakes.first {
            throw APIProblem(code: "invalid-host", message: "\(path): \(mistake.path): \(mistake.message)", cause: mistake.hint)
        }
    }

    package func removeHost(_ text: String) async throws {
        let record = try snapshot.known(text)
        if let name = record.document {
            let guests = snapshot.documents.guests(onHost: name).map(\.guest.name)
            guard guests.isEmpty else {
                throw APIProblem(
                    code: "in-use", message: "cannot remove host \(name): guests are placed on it: \(guests.joined(separator: ", "))",
                    cause: "move or remove them first")
            }
            _ = try await removeDocument(kind: "Host", name: name)
        }
        state.withLock { $0.remove(record.id) }
        await save()
        await writer.exclusively { [self] in
            for (guest, placement) in snapshot.placements(awaiting: record.id, now: now()) { await release(guest, placement) }
        }
    }

    /// - Parameter boot: a boot id, `all`, or `nil` for the last.
    package func timeline(of text: String, boot: String?) async throws -> Timeline {
        let record = try snapshot.known(text)
        var wanted = record.boot?.id
        if let boot, boot != "all" {
            guard let id = BootID(boot) else { throw APIProblem(code: "malformed-name", message: "\"\(boot)\" is no boot id (b-…)") }
            wanted = id
        }
        await journal.flush()
        let events = try await journal.newest(host: record.id, boot: boot == "all" ? nil : wanted, limit: Journal.maximumLimit)
        return Timeline(host: record.id, name: record.document, boot: wanted == record.boot?.id ? record.boot : nil, events: events)
    }

    /// Events of one host after a sequence number, as they come; ends with its reader's task.
    package func follow(host: HostID, after: Int64) -> AsyncStream<BootEvent> {
        AsyncStream { continuation in
            // Ended by `onTermination`, when the reader is gone.
            let task = Task {
                do {
                    for try await events in journal.follow(host: host, after: after) {
                        for event in events { continuation.yield(event) }
                    }
                } catch {
                    logger.debug("following the journal ended", metadata: ["error": "\(error)"])
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension FleetState {
    func known(_ text: String) throws(APIProblem) -> HostRecord {
        guard let record = host(named: text) else {
            throw APIProblem(code: "unknown-host", message: "no host is known as \"\(text)\"; see: bennu host list")
        }
        return record
    }

    package func summary(of record: HostRecord, now: Int64, queue: QueuePlace? = nil) -> HostSummary {
        let hashes = (try? assignment(of: record).get()).map(ConfigurationHashes.init)
        let status = record.boot?.status
        let assigned = try? assignment(of: record).get()
        // A host takes the first configuration of a boot for what it was started with; what the boot script really said is known here.
        let startsOtherwise = record.boot?.kernelArguments.map { $0 != assigned?.settings.kernelArguments } ?? false
        let runsAnother = status != nil && assigned != nil && (record.boot?.image != assigned?.image.digest || startsOtherwise)
        let drift = runsAnother || status.flatMap { status in hashes.map { $0.boot != status.bootHash || $0.live != status.liveHash } } ?? false
        return HostSummary(
            id: record.id, name: record.document, state: HostState(of: record, now: now), phase: record.boot?.phase,
            address: record.boot?.address, claims: record.claims,
            image: record.document.flatMap { documents.imageReference(forHost: $0)?.description }, drift: drift,
            guestsRunning: status?.guests.count { $0.state == "running" } ?? 0, lastReport: record.boot?.lastReport, queue: queue)
    }

    package func detail(of record: HostRecord, now: Int64, queue: QueuePlace? = nil) -> HostDetail {
        var assignment: HostDetail.Assignment?
        var obstacle: String?
        var settings: HostSettings?
        switch self.assignment(of: record) {
        case .success(let assigned):
            let hashes = ConfigurationHashes(assigned)
            assignment = .init(
                reference: assigned.reference.description, image: assigned.image.digest, bootHash: hashes.boot, liveHash: hashes.live)
            settings = assigned.settings
        case .failure(let found):
            obstacle = found.message
        }
        return HostDetail(
            summary: summary(of: record, now: now, queue: queue), record: record, assignment: assignment, obstacle: obstacle, settings: settings,
            revision: revision, guestMemory: record.document.flatMap { guestMemory(of: record, name: $0) })
    }
}

extension HostSpec {
    /// Applies what the operator gave; `nil` leaves as it is.
    mutating func take(_ edit: HostEdit) throws(APIProblem) {
        if let text = edit.image {
            guard let reference = ImageReference(text) else {
                throw APIProblem(code: "malformed-name", message: "expected \(ImageReference.expectation), found \"\(text)\"")
            }
            image = reference
        }
        profiles = edit.profiles ?? profiles
        address = edit.address ?? address
    }
}

extension Document {
    /// The operator's own text with the fields of `edit` set in place, comments and all; `nil` when that would not mean exactly `spec`.
    func edited(_ edit: HostEdit, to spec: HostSpec) -> String? {
        var fields: [(String, DocumentEdit.Value)] = []
        if let image = spec.image, edit.image != nil { fields.append(("image", .text(image.description))) }
        if let profiles = edit.profiles { fields.append(("profiles", .list(profiles))) }
        if let address = edit.address { fields.append(("address", .text(address.description))) }
        var text = source
        for (name, value) in fields {
            guard let changed = DocumentEdit.setting(name, to: value, in: text) else { return nil }
            text = changed
        }
        let parsed = DocumentParser.parse(files: [SourceFile(path: file, text: text)])
        guard parsed.problems.isEmpty, parsed.documents.count == 1, parsed.documents.first?.spec == .host(spec) else { return nil }
        return parsed.documents.first?.metadata == metadata ? text : nil
    }
}
