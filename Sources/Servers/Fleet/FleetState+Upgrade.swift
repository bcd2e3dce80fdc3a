package import FleetModel
import HashTreeCollections
package import HostContract
import Primitives

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

    /// The boot that was begun when this was claimed before; also one that seems to have been followed by another since.
    package mutating func begun(after boot: BootID, of host: HostID, nonce: String) -> HostRecord? {
        if let begun = hosts[host]?.overtaken, begun.predecessor == boot, begun.nonce == nonce { restore(begun.id, of: host) }
        guard let record = hosts[host], let current = record.boot, current.predecessor == boot, current.nonce == nonce else { return nil }
        return record
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
            record.upgrade?.leftAt = now
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
}
