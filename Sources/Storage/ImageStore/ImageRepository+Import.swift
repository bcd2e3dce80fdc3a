import FleetModel
import Glibc
package import Primitives

extension ImageRepository {
    /// Takes every boot image of an OCI layout directory. All of it is verified before any of it is visible;
    /// blobs that the store has are not copied again. Other artifacts of the layout are passed over.
    package func importLayout(_ path: String) throws(ImageStoreError) -> [ImportedImage] {
        let layout = Layout(path)
        var found: [(BootImage, ImageReference?)] = []
        for descriptor in try layout.index().manifests {
            guard let manifest = try layout.bootManifest(descriptor) else { continue }
            found.append((try layout.image(descriptor.digest, manifest), try reference(descriptor)))
        }
        guard !found.isEmpty else { throw .noBootImage(path: path) }

        let lock = try StoreLock(directory)
        defer { lock.release() }
        for (image, _) in found {
            for blob in image.manifest.blobs { try take(blob.digest, size: blob.size, from: layout) }
            try take(image.digest, size: nil, from: layout)
        }
        for (image, _) in found { try DurableFile.put(at: marker(image.digest), incoming: "\(directory)/incoming") }
        return found.map { ImportedImage(image: $0.0, reference: $0.1) }
    }

    /// Puts bytes that no image names under their digest. They stay as long as `collect` is told to keep them.
    package func put(_ bytes: [UInt8]) throws(ImageStoreError) -> Primitives.Digest {
        let digest = FileDigest.of(bytes)
        let lock = try StoreLock(directory)
        defer { lock.release() }
        if !holds(digest, size: Int64(bytes.count)) { try DurableFile.put(bytes, at: path(of: digest), incoming: "\(directory)/incoming") }
        return digest
    }

    /// Nothing gets its name here without having had its digest checked: a file of the right length that is there needs no second look.
    package func holds(_ digest: Primitives.Digest, size: Int64?) -> Bool {
        var present = stat()
        return lstat(path(of: digest), &present) == 0 && (size == nil || size == Int64(present.st_size))
    }

    private func reference(_ descriptor: BootImageDescriptor) throws(ImageStoreError) -> ImageReference? {
        guard let text = descriptor.reference else { return nil }
        guard let reference = ImageReference(text) else { throw .referenceMalformed(image: descriptor.digest, reference: text) }
        return reference
    }

    /// `size` in bytes, where a descriptor gave it.
    private func take(_ digest: Primitives.Digest, size: Int64?, from layout: Layout) throws(ImageStoreError) {
        if holds(digest, size: size) { return }
        let source = open(layout.path(of: digest), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard source >= 0 else {
            switch errno {
            case ENOENT: throw .blobMissing(digest)
            case ELOOP: throw .blobNotAFile(digest)
            default: throw .file(FileProblem(path: layout.path(of: digest), call: "open", errorNumber: errno))
            }
        }
        defer { close(source) }
        var status = stat()
        guard fstat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .blobNotAFile(digest) }
        try DurableFile.place(
            source, path: layout.path(of: digest), incoming: "\(directory)/incoming", at: path(of: digest), expected: digest,
            size: size ?? Int64(status.st_size))
    }
}
