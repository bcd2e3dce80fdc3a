package import FleetModel
import HashTreeCollections
package import HostContract
import Primitives
package import Rollout

extension FleetState {
    /// The image of a host as the host has to know it.
    package func assignedImage(_ image: CatalogImage, arguments: [String]) -> AssignedImage {
        AssignedImage(
            image: image.digest, root: image.root.map { .init(digest: $0.digest, size: $0.size) }, kernel: image.kernel.digest,
            kernelSize: image.kernel.size, initrds: initrds(of: image).map { .init(digest: $0.digest, size: $0.size) },
            kernelRelease: image.kernelVersion, kernelArguments: arguments)
    }

    /// In the order in which the kernel unpacks them: the image's own, then the site's seal.
    func initrds(of image: CatalogImage) -> [PublishedBlob] { image.initrds + (seal.map { [$0] } ?? []) }

    /// What a host runs against what it should run.
    package func situation(of boot: BootRecord, target: CatalogImage, arguments: [String], isRestart: Bool) -> UpgradeSituation {
        let running = boot.image.flatMap { images[$0] }
        let system = boot.status?.system
        return UpgradeSituation(
            running: .init(
                image: boot.image, root: system?.root ?? running?.root?.digest, rootSize: running?.root?.size, kernel: kernel(of: boot),
                kernelArguments: boot.kernelArguments, imageContract: running?.imageContract),
            target: .init(
                image: target.digest, root: target.root?.digest, rootSize: target.root?.size, kernel: target.kernel.digest,
                kernelAndInitrdSize: initrds(of: target).reduce(target.kernel.size) { $0 + $1.size },
                kernelArguments: arguments, imageContract: target.imageContract),
            isRestart: isRestart, isOperational: boot.phase == .operational, agentMethods: system?.methods ?? [],
            memoryAvailable: system?.memoryAvailable,
            rootsInMemory: Set(system?.roots.map(\.root) ?? []),
            guestMemory: system?.guestMemory, guests: guests(of: boot))
    }

    /// Guests that are there: a paused one has as much to lose as one that runs.
    private func guests(of boot: BootRecord) -> [UpgradeSituation.Guest] {
        (boot.status?.guests ?? []).filter { !["shut off", "crashed"].contains($0.state) }.sorted { $0.name < $1.name }.map {
            UpgradeSituation.Guest(name: $0.name, memory: $0.memory, memoryBytes: $0.memoryBytes, fixture: $0.fixture)
        }
    }

    /// The boot that a running host is about to begin by itself.
    package func succeed(
        _ claim: SuccessorClaim, of record: HostRecord, now: Int64, using generator: inout some RandomNumberGenerator
    ) -> Result<HostRecord, APIProblem> {
        guard let before = record.boot else {
            return .failure(APIProblem(code: "unknown-boot", message: "no boot of \(record.id) is under way"))
        }
        guard claim.nonce.utf8.count == 32, Hexadecimal.decode(Array(claim.nonce.utf8)) != nil else {
            return .failure(APIProblem(code: "malformed-claim", message: "the nonce must be 32 hexadecimal digits"))
        }
        // A host that goes forward does so by order; one that comes back was not asked.
        if claim.fallback == nil {
            guard let upgrade = record.upgrade, upgrade.state == .ordered, upgrade.boot == before.id, upgrade.order.id == claim.order,
                upgrade.order.image.root?.digest == claim.root
            else {
                return .failure(
                    APIProblem(code: "not-ordered", message: "host \(record.id) has no order to go over to the root \(claim.root.short)"))
            }
        }
        var record = record
        // A new kernel at the order's word, or its end: what never left, or came back, runs the kernel that ran when the order was given.
        let changesKernel = record.upgrade.map { $0.order.id == claim.order && $0.order.method.changesKernel } ?? false
        var boot = BootRecord(id: BootID(using: &generator), kind: changesKernel ? .kexec : .soft, predecessor: before.id, startedAt: now)
        boot.phase = .claimed
        boot.nonce = claim.nonce
        (boot.kernel, boot.kernelArguments, boot.address) = (kernel(of: before), before.kernelArguments, before.address)
        if changesKernel, let upgrade = record.upgrade {
            let isBack = claim.fallback != nil
            boot.kernel = isBack ? upgrade.kernelBefore : upgrade.order.image.kernel
            boot.kernelArguments = isBack ? upgrade.kernelArgumentsBefore : upgrade.order.image.kernelArguments
        }
        if let fallback = claim.fallback {
            boot.image = images.values.first { $0.root?.digest == claim.root }?.digest
            if record.upgrade?.order.id == claim.order, record.upgrade?.state == .leaving {
                record.upgrade?.state = .failed
                record.upgrade?.failure = String(fallback.prefix(500))
            }
        } else {
            boot.image = record.upgrade?.order.image.image
            record.upgrade?.state = .leaving
            record.upgrade?.successor = boot.id
        }
        record.boot = boot
        // The boot before this one ended by its own word.
        record.overtaken = nil
        return .success(record)
    }

    /// The kernel that runs in a boot, as far as it is known.
    func kernel(of boot: BootRecord) -> Digest? {
        boot.kernel ?? (boot.kind == .cold ? boot.image.flatMap { images[$0]?.kernel.digest } : nil)
    }

    /// What a report says about the order that is under way, and about the image that really runs.
    mutating func settleUpgrade(of record: inout HostRecord, _ status: StatusReport) -> [(name: String, detail: String)] {
        guard var boot = record.boot else { return [] }
        if let root = status.system?.root, boot.image.flatMap({ images[$0]?.root?.digest }) != root,
            let image = images.values.first(where: { $0.root?.digest == root })
        {
            boot.image = image.digest
            record.boot = boot
        }
        guard var upgrade = record.upgrade, upgrade.state == .ordered || upgrade.state == .leaving else { return [] }
        var news: [(String, String)] = []
        func fail(_ reason: String) {
            (upgrade.state, upgrade.failure) = (.failed, reason)
            news.append(("upgrade-failed", reason))
        }
        let isCold = upgrade.order.method == .cold
        if boot.id == upgrade.boot {
            if let report = status.upgrade, report.order == upgrade.order.id, let failure = report.failure { fail(String(failure.prefix(500))) }
        } else if isCold || boot.id == upgrade.successor {
            guard status.operational else { return [] }
            upgrade.state = .done
            upgrade.successor = boot.id
            news.append(("upgrade-done", UpgradeOutcome(before: upgrade.guestsBefore, after: status.guests).description))
        } else {
            fail("the host started anew meanwhile, with boot \(boot.id)")
        }
        record.upgrade = upgrade
        return news
    }
}
