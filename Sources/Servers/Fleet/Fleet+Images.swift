import Documents
import FleetModel
import Foundation
import HashTreeCollections
package import HostContract
import ImageStore
import Logging
package import OperatorTypes
import Primitives
import Synchronization

/// What operators ask about images, and do with them.
extension Fleet {
    package func imageList() -> [ImageSummary] {
        let view = snapshot
        return view.images.values.map { view.summary(of: $0) }.sorted {
            ($0.references.first ?? "~", $0.digest) < ($1.references.first ?? "~", $1.digest)
        }
    }

    package func image(named text: String) throws(APIProblem) -> ImageSummary {
        let view = snapshot
        return view.summary(of: try view.image(named: text))
    }

    /// Brings an image in from a directory in OCI layout; every byte is checked, and durable, before anything names it.
    /// - Parameter keepingReferences: leave references alone that name an image already.
    package func importImage(_ request: ImageImport, keepingReferences: Bool = false) async throws -> ImageSummary {
        let asked = try request.references.map { try Self.reference($0) }
        return try await writer.exclusively { [self] in
            let imported = try await Self.away { [images] in try images.importLayout(request.path) }
            try reloadImages()
            guard let last = imported.last else {
                throw APIProblem(code: "empty-layout", message: "there is no image in \(request.path)")
            }
            guard asked.isEmpty || imported.count == 1 else {
                throw APIProblem(code: "ambiguous", message: "\(request.path) has \(imported.count) images; --reference can name only one")
            }
            for image in imported {
                let references = asked.isEmpty ? image.reference.map { [$0] } ?? [] : asked
                guard !references.isEmpty else {
                    throw APIProblem(
                        code: "no-reference", message: "an image in \(request.path) names itself nothing; give it a name with --reference NAME:TAG")
                }
                for reference in references where !keepingReferences || snapshot.references[reference] == nil {
                    try await point(reference, to: image.image.digest)
                }
            }
            return try image(named: last.image.digest.description)
        }
    }

    package func tagImage(named text: String, as reference: String) async throws -> ImageSummary {
        let reference = try Self.reference(reference)
        return try await writer.exclusively { [self] in
            let digest = try snapshot.image(named: text).digest
            try await point(reference, to: digest)
            return try image(named: digest.description)
        }
    }

    package func verifyImage(named text: String) async throws -> ImageVerification {
        let digest = try snapshot.image(named: text).digest
        let (blobs, problems) = try await Self.away { [images] in
            (try images.image(digest).manifest.blobs.count, try images.verify(digest))
        }
        return ImageVerification(digest: digest, blobs: blobs, faults: problems.map { "\($0)" })
    }

    /// Removes a reference, and the image with it when nothing names it any more. Refused while a host needs it.
    package func removeImage(named text: String) async throws {
        try await writer.exclusively { [self] in
            let view = snapshot
            let image = try view.image(named: text)
            let reference = ImageReference(text).flatMap { view.references[$0] == image.digest ? $0 : nil }
            let others = view.references.filter { $0.value == image.digest && $0.key != reference }.keys
            let users = view.users(of: image.digest)
            if let reference, let user = view.hostNames(assignedTo: reference).first {
                throw APIProblem(code: "in-use", message: "cannot remove \(reference): host \(user) is assigned to it; set another image first")
            }
            if reference == nil || others.isEmpty, !users.isEmpty {
                throw APIProblem(
                    code: "in-use",
                    message: "cannot remove \(text): it is assigned to, run by, or the last good image of: \(users.joined(separator: ", "))")
            }
            for reference in reference.map({ [$0] }) ?? Array(others) { try await point(reference, to: nil) }
            if reference == nil || others.isEmpty {
                try images.remove(image.digest) { _ in false }
                _ = try images.collect(keeping: Set(state.withLock { $0.loaders }.values.map(\.digest)))
                try reloadImages()
            }
        }
    }

    /// Work that reads hundreds of megabytes, off the threads that answer hosts.
    static func away<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
            }
        } catch let error as ImageStoreError {
            throw APIProblem(code: "bad-image", message: "\(error)")
        }
    }

    private func point(_ reference: ImageReference, to digest: Digest?) async throws {
        try await FleetKeys.write(digest, at: FleetKeys.reference(reference), in: store)
        state.withLock { $0.references[reference] = digest }
        changes.ring()
    }

    private static func reference(_ text: String) throws(APIProblem) -> ImageReference {
        guard let reference = ImageReference(text) else {
            throw APIProblem(code: "malformed-name", message: "expected \(ImageReference.expectation), found \"\(text)\"")
        }
        return reference
    }

    /// Reads from the image store which images are complete, and lets the boot servers send them.
    func reloadImages() throws {
        var sound: [BootImage] = []
        for digest in try images.digests() {
            do {
                sound.append(try images.image(digest))
            } catch {
                logger.error("an image cannot be read; hosts that want it wait", metadata: ["image.digest": "\(digest)", "error": "\(error)"])
            }
        }
        let catalog = sound.compactMap { image -> CatalogImage? in
            guard let kernel = image.manifest.kernel, let initrd = image.manifest.initrd else { return nil }
            func blob(_ descriptor: BootImageDescriptor, _ role: String) -> PublishedBlob {
                PublishedBlob(digest: descriptor.digest, path: images.path(of: descriptor.digest), size: descriptor.size, role: role)
            }
            let files = image.manifest.bootFiles.compactMap { file in file.title.map { ($0, blob(file, $0)) } }
            return CatalogImage(
                digest: image.digest, kernel: blob(kernel, "kernel"), initrds: [blob(initrd, "initrd")],
                root: image.description.embedsRoot ? nil : image.manifest.root.map { blob($0, "root") },
                bootFiles: Dictionary(files, uniquingKeysWith: { first, _ in first }), kernelVersion: image.description.kernel.release,
                packageCount: image.description.packages.count, imageContract: image.description.imageContract,
                emulator: image.description.packages.first { $0.name == "qemu-system-x86" }?.version,
                machineTypes: image.description.machineTypes.map { Set($0) })
        }
        state.withLock { $0.publish(catalog) }
    }
}

extension FleetState {
    func image(named text: String) throws(APIProblem) -> CatalogImage {
        let wanted = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
        let byPrefix = wanted.utf8.count >= 6 ? images.values.filter { $0.digest.hexadecimal.hasPrefix(wanted) } : []
        if let digest = ImageReference(text).flatMap({ references[$0] }), let image = images[digest] { return image }
        if byPrefix.count == 1, let image = byPrefix.first { return image }
        throw APIProblem(code: "unknown-image", message: "no image is known as \"\(text)\"; see: bennu image list")
    }

    func summary(of image: CatalogImage) -> ImageSummary {
        ImageSummary(
            digest: image.digest, references: references.filter { $0.value == image.digest }.map(\.key.description).sorted(),
            kernel: image.kernelVersion, downloadSize: image.downloadSize,
            blobs: (image.blobs + image.bootFiles.values.sorted { $0.role < $1.role }).map { .init(role: $0.role, digest: $0.digest, size: $0.size) },
            packages: image.packageCount, usedBy: users(of: image.digest))
    }

    func hostNames(assignedTo reference: ImageReference) -> [String] {
        documents.hosts.map(\.name).filter { documents.imageReference(forHost: $0) == reference }
    }

    /// Hosts that are assigned to an image, run it, or were last operational with it: that one stands in when what they are assigned to fails.
    func users(of digest: Digest) -> [String] {
        let assigned = documents.hosts.map(\.name).filter { name in
            documents.imageReference(forHost: name).flatMap { documents.pinnedDigest(of: $0) ?? references[$0] } == digest
        }
        let running = hosts.values.filter { $0.boot?.image == digest || $0.lastGood?.image == digest || $0.standIn?.good.image == digest }.map {
            $0.document ?? $0.id.description
        }
        return Array(Set(assigned + running)).sorted()
    }
}
