/// An OCI image manifest (OCI image spec 1.1, "Image Manifest Specification") whose layers are what a host boots.
package struct BootImageManifest: Hashable, Sendable, Codable {
    /// Always 2.
    package var schemaVersion: Int
    package var mediaType: BootImageMediaType
    package var artifactType: BootImageMediaType?
    package var config: BootImageDescriptor
    package var layers: [BootImageDescriptor]
    package var annotations: [String: String]?

    package init(config: BootImageDescriptor, layers: [BootImageDescriptor], annotations: [String: String]? = nil) {
        schemaVersion = 2
        mediaType = .manifest
        artifactType = .bootImage
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    package var kernel: BootImageDescriptor? { layers.first { $0.mediaType == .kernel } }
    package var initrd: BootImageDescriptor? { layers.first { $0.mediaType == .initrd } }
    package var root: BootImageDescriptor? { layers.first { $0.mediaType == .root } }
    package var bootFiles: [BootImageDescriptor] { layers.filter { $0.mediaType == .bootFile } }

    /// The boot file that is offered under this name, such as `undionly.kpxe`.
    package func bootFile(named name: String) -> BootImageDescriptor? { bootFiles.first { $0.title == name } }

    /// Every blob that the manifest names: the config first.
    package var blobs: [BootImageDescriptor] { [config] + layers }
}

/// An OCI image index (OCI image spec 1.1, "Image Index Specification"): the table of contents of a layout.
package struct BootImageIndex: Hashable, Sendable, Codable {
    /// Always 2.
    package var schemaVersion: Int
    package var mediaType: BootImageMediaType?
    package var manifests: [BootImageDescriptor]

    package init(manifests: [BootImageDescriptor]) {
        schemaVersion = 2
        mediaType = .index
        self.manifests = manifests
    }
}

/// The file `oci-layout` (OCI image spec 1.1, "Image Layout Specification").
package struct BootImageLayout: Hashable, Sendable, Codable {
    package var imageLayoutVersion: String

    package static let current = Self(imageLayoutVersion: "1.0.0")
}
