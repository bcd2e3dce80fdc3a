/// What a blob is. Open: a layout may hold types of tomorrow, and they survive a round trip.
package struct BootImageMediaType: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// OCI image spec 1.1, "OCI Image Media Types".
    package static let index = Self(rawValue: "application/vnd.oci.image.index.v1+json")
    package static let manifest = Self(rawValue: "application/vnd.oci.image.manifest.v1+json")

    /// The manifest's `artifactType`: what the whole is.
    package static let bootImage = Self(rawValue: "application/vnd.bennu.boot-image.v1")
    /// JSON of a `BootImageDescription`.
    package static let config = Self(rawValue: "application/vnd.bennu.boot-image.config.v1+json")
    /// A Linux bzImage.
    package static let kernel = Self(rawValue: "application/vnd.bennu.kernel.v1")
    /// cpio archives one after the other, the last compressed; its length is a multiple of 4, so that more can follow.
    package static let initrd = Self(rawValue: "application/vnd.bennu.initrd.v1")
    /// A squashfs.
    package static let root = Self(rawValue: "application/vnd.bennu.root.v1+squashfs")
    /// A network boot program that firmware loads; its `title` annotation is the name it is offered under.
    package static let bootFile = Self(rawValue: "application/vnd.bennu.boot-file.v1")
}
