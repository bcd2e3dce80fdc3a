package import Primitives

/// Why an image was not imported, found or removed.
package enum ImageStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A system call on the store or the layout failed.
    case file(FileProblem)
    /// The directory has no readable `oci-layout` of version 1.
    case notALayout(path: String, reason: String)
    /// JSON that does not decode, or is larger than any real one: 4 MiB.
    case malformed(path: String, reason: String)
    case blobMissing(Digest)
    case blobNotAFile(Digest)
    case digestMismatch(expected: Digest, found: Digest)
    /// Sizes in bytes.
    case sizeMismatch(Digest, expected: Int64, found: Int64)
    /// A boot image has one kernel, one initrd and one root.
    case layerMissing(image: Digest, mediaType: String)
    case layerRepeated(image: Digest, mediaType: String)
    /// The config names a root that the manifest has not got.
    case rootMismatch(image: Digest, config: Digest, layer: Digest)
    case referenceMalformed(image: Digest, reference: String)
    /// The layout has no boot image at all.
    case noBootImage(path: String)
    case noSuchImage(Digest)
    case imageInUse(Digest)

    package var description: String {
        switch self {
        case .file(let problem): problem.description
        case .notALayout(let path, let reason): "\(path) is no OCI image layout: \(reason)"
        case .malformed(let path, let reason): "cannot read \(path): \(reason)"
        case .blobMissing(let digest): "the layout names the blob \(digest) and has not got it"
        case .blobNotAFile(let digest): "the blob \(digest) is no regular file"
        case .digestMismatch(let expected, let found): "a blob called \(expected) has the digest \(found)"
        case .sizeMismatch(let digest, let expected, let found): "the blob \(digest) has \(found) bytes, its descriptor says \(expected)"
        case .layerMissing(let image, let type): "the image \(image) has no layer of type \(type)"
        case .layerRepeated(let image, let type): "the image \(image) has more than one layer of type \(type)"
        case .rootMismatch(let image, let config, let layer): "the image \(image) has the root \(layer), its config says \(config)"
        case .referenceMalformed(let image, let reference):
            "the image \(image) has the reference \"\(reference)\": expected one like kvm:2026.11"
        case .noBootImage(let path): "\(path) holds no boot image"
        case .noSuchImage(let digest): "no image \(digest); see bennu image list"
        case .imageInUse(let digest): "the image \(digest) is in use"
        }
    }
}
