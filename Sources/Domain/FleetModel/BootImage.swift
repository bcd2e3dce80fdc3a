package import Primitives

/// A boot image as a site has it: immutable content named by the digest of its manifest.
/// Its name and tag are no part of it; they are references that point here.
package struct BootImage: Hashable, Sendable {
    /// SHA-256 of the manifest's bytes.
    package let digest: Digest
    package let manifest: BootImageManifest
    package let description: BootImageDescription

    package init(digest: Digest, manifest: BootImageManifest, description: BootImageDescription) {
        self.digest = digest
        self.manifest = manifest
        self.description = description
    }

    /// Bytes of all blobs, the manifest and the config included only as far as the manifest lists them.
    package var size: Int64 {
        manifest.blobs.reduce(0) { sum, blob in
            let (total, overflow) = sum.addingReportingOverflow(blob.size)
            return overflow ? .max : total
        }
    }

    /// Bytes that a host downloads after its firmware's program: kernel and initrd, and the root where the initrd has not got it.
    package var downloadSize: Int64 {
        let parts = [manifest.kernel, manifest.initrd, description.embedsRoot ? nil : manifest.root]
        return parts.reduce(0) { sum, blob in
            let (total, overflow) = sum.addingReportingOverflow(blob?.size ?? 0)
            return overflow ? .max : total
        }
    }
}
