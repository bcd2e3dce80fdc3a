package import Primitives

/// A reference to content by digest and size (OCI image spec 1.1, "Content Descriptors").
package struct BootImageDescriptor: Hashable, Sendable, Codable {
    package var mediaType: BootImageMediaType
    package var digest: Digest
    /// Bytes.
    package var size: Int64
    package var annotations: [String: String]?

    package init(mediaType: BootImageMediaType, digest: Digest, size: Int64, annotations: [String: String]? = nil) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
    }

    /// The file name that the blob is offered under, for blobs that have one.
    package var title: String? { annotations?[BootImageAnnotation.title] }

    /// `name:tag`, on the descriptors of an index.
    package var reference: String? { annotations?[BootImageAnnotation.reference] }
}

/// Annotation keys that the OCI image spec defines and this project reads.
package enum BootImageAnnotation {
    package static let title = "org.opencontainers.image.title"
    package static let reference = "org.opencontainers.image.ref.name"
}
