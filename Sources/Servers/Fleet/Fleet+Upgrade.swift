import Documents
import FleetModel
import HashTreeCollections
package import HostContract
package import OperatorTypes
import Primitives
import Rollout
import Synchronization

/// Replacing the system of a running host: what operators ask, and what hosts say when they go.
extension Fleet {
    /// What an upgrade would do; changes nothing.
    package func upgradeOutlook(_ text: String, _ request: UpgradeRequest) throws(APIProblem) -> UpgradeOutlook {
        let view = snapshot
        let record = try view.known(text)
        let (boot, image, reference, arguments) = try view.upgradeTarget(of: record, request)
        let situation = view.situation(of: boot, on: record, target: image, arguments: arguments, isRestart: request.isRestart)
        return UpgradeOutlook(
            host: record.id, name: record.document ?? record.id.description, boot: boot.id, runs: boot.image, reference: reference,
            target: image.digest, plan: UpgradePlan(for: situation))
    }

    /// Gives the order; durable before the answer. Nothing is changed when it is refused.
    package func orderUpgrade(_ text: String, _ request: UpgradeRequest) async throws -> UpgradeOutlook {
        var outlook = try upgradeOutlook(text, request)
        guard (10...86_400).contains(request.deadline) else {
            throw APIProblem(code: "malformed-request", message: "a deadline has 10 to 86400 seconds, not \(request.deadline)")
        }
        if let running = snapshot.hosts[outlook.host]?.upgrade, running.state == .ordered || running.state == .leaving,
            running.boot == outlook.boot || running.successor == outlook.boot
        {
            throw APIProblem(code: "conflict", message: "host \(text) is carrying out an order already (\(running.order.method.rawValue))")
        }
        if let renewal = snapshot.hosts[outlook.host]?.renewal, renewal.state == .ordered, renewal.boot == outlook.boot {
            throw APIProblem(code: "conflict", message: "host \(text) is renewing guest \(renewal.order.guest); try again when it has")
        }
        let method: UpgradeMethod
        do throws(UpgradeRefusal) {
            method = try outlook.plan.admit(request.method)
        } catch {
            throw error.problem(for: outlook.name)
        }
        if let image = request.image { _ = try await edit(text, HostEdit(image: image)) }
        if !request.isRestart { try await forgetTrouble(of: text) }
        guard method != .live else { return outlook }
        let time = now()
        let upgrade = try state.withLock { state throws(APIProblem) in
            var record = try state.known(text)
            let (boot, image, _, arguments) = try state.upgradeTarget(of: record, request)
            var generator = SystemRandomNumberGenerator()
            // What the plan has promised for the case that the new system does not come up.
            let former = outlook.plan[method]?.ifItFails == .goOnUnlessPanic ? boot.image.flatMap { state.images[$0] } : nil
            let order = UpgradeOrder(
                id: "o-" + RandomToken.make(count: 16, using: &generator), method: method,
                image: state.assignedImage(image, arguments: arguments), deadline: request.deadline,
                former: former.map { state.assignedImage($0, arguments: boot.kernelArguments ?? []) })
            let upgrade = UpgradeRecord(
                order: order, boot: boot.id, orderedAt: time, guestsBefore: boot.status?.guests ?? [],
                kernelBefore: state.kernel(of: boot), kernelArgumentsBefore: boot.kernelArguments)
            record.upgrade = upgrade
            state.put(record)
            return upgrade
        }
        outlook.upgrade = upgrade
        try await FleetKeys.write(snapshot.hosts[outlook.host], at: FleetKeys.host(outlook.host), in: store)
        record(
            BootEvent(
                host: outlook.host, boot: upgrade.boot, time: time, source: .operator, name: UpgradeStep.ordered.rawValue,
                detail: "\(method.rawValue) to \(outlook.reference) (\(outlook.target.short)), operational within \(request.deadline) s",
                attributes: ["order": upgrade.order.id]))
        changes.ring()
        return outlook
    }

    /// Begins the boot that a running host goes over to by itself; durable before the answer, and the same answer for the same nonce.
    package func succeed(_ bearer: String?, boot text: String, _ claim: SuccessorClaim) async throws(APIProblem) -> ClaimGrant {
        guard let bearer, let credential = Credential(bearer, key: site), let boot = BootID(text), credential.boot == boot else {
            throw APIProblem(code: "bad-credential", message: "the request needs the credential that the claim of this boot was answered with")
        }
        let time = now()
        let (judged, isRepeated) = state.withLock { state -> (Result<HostRecord, APIProblem>, Bool) in
            // The answer to the first was lost.
            if let record = state.begun(after: boot, of: credential.host, nonce: claim.nonce) { return (.success(record), true) }
            state.restore(boot, of: credential.host)
            var generator = SystemRandomNumberGenerator()
            let result = state.authorize(credential, boot: boot).flatMap { state.succeed(claim, of: $0, now: time, using: &generator) }
            if case .success(let record) = result {
                state.put(record)
                if claim.fallback != nil, let order = claim.order { state.forgiveKexec(on: record, for: order) }
            }
            return (result, false)
        }
        let record = try judged.get()
        guard let new = record.boot else { throw APIProblem(code: "unknown-boot", message: "no boot of \(record.id) is under way") }
        if !isRepeated { recordSuccession(from: boot, to: new, of: record, claim, at: time) }
        do {
            try await FleetKeys.write(record, at: FleetKeys.host(record.id), in: store)
            let credential = try Credential(host: record.id, boot: new.id).text(signedWith: site)
            return ClaimGrant(
                host: record.id.description, boot: new.id.description, credential: credential, machineID: record.id.machineID)
        } catch {
            throw APIProblem(code: "not-durable", message: "the new boot of \(record.id) could not be written; try again", cause: "\(error)")
        }
    }

    private func recordSuccession(from old: BootID, to new: BootRecord, of host: HostRecord, _ claim: SuccessorClaim, at time: Int64) {
        let image = new.image?.short ?? "an image that is not known here"
        if let fallback = claim.fallback {
            record(
                BootEvent(
                    host: host.id, boot: old, time: time, source: .configuration, name: "fell-back", detail: "to \(image): \(fallback)"))
        } else {
            record(
                BootEvent(
                    host: host.id, boot: old, time: time, source: .configuration, name: UpgradeStep.bootEnded.rawValue,
                    detail: "followed by \(new.id)"))
        }
        record(
            BootEvent(
                host: host.id, boot: new.id, time: time, source: .configuration, name: UpgradeStep.bootBegan.rawValue,
                detail: "\(new.kind.rawValue), image \(image), after \(old)", attributes: ["predecessor": old.description]))
    }
}

extension FleetState {
    /// The boot, the image to get to with its reference, and the kernel arguments to have.
    fileprivate func upgradeTarget(
        of record: HostRecord, _ request: UpgradeRequest
    ) throws(APIProblem) -> (BootRecord, CatalogImage, String, [String]) {
        let name = record.document ?? record.id.description
        guard let boot = record.boot, boot.phase >= .agent else {
            throw APIProblem(code: "not-running", message: "host \(name) does not run; power it on, and it boots what it is assigned to")
        }
        let assigned: Assigned
        switch assignment(of: record) {
        case .success(let found): assigned = found
        case .failure(let obstacle): throw APIProblem(code: obstacle.reason.rawValue, message: obstacle.message)
        }
        if let text = request.image {
            // What the documents will say once the host is assigned to it.
            let settings = documents.settings(forHost: name) ?? HostSettings(hostName: name)
            let arguments = kernelArguments(of: record, name: name, settings: settings, image: ImageReference(text))
            return (boot, try image(named: text), text, arguments)
        }
        if request.isRestart, request.method != .cold, let digest = boot.image, let image = images[digest] {
            return (boot, image, self.name(of: image), boot.kernelArguments ?? [])
        }
        // What a cold start boots, which is not always what is assigned.
        if request.isRestart, let standIn = record.standIn, standIn.failed == assigned.image.digest, let image = images[standIn.good.image] {
            return (boot, image, self.name(of: image), standIn.good.kernelArguments)
        }
        return (boot, assigned.image, assigned.reference.description, assigned.settings.kernelArguments)
    }
}

extension UpgradeRefusal {
    func problem(for host: String) -> APIProblem {
        switch self {
        case .impossible(let method, let obstacles):
            APIProblem(
                code: "method-impossible", message: "cannot upgrade host \(host) by the method \(method.rawValue)",
                cause: obstacles.map(\.description).joined(separator: "; ") + "; see: bennu upgrade plan \(host)")
        case .noMethod:
            APIProblem(code: "method-impossible", message: "no method gets host \(host) there; see: bennu upgrade plan \(host)")
        }
    }
}
