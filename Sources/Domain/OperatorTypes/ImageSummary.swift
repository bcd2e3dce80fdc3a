package import Primitives

/// One line of `bennu image list`.
package struct ImageSummary: Codable, Sendable, Hashable {
    package var digest: Digest
    package var references: [String]
    package var kernel: String
    /// Bytes of everything that a host downloads.
    package var downloadSize: Int64
    package var blobs: [Blob]
    package var packages: Int
    /// Names of the hosts that are assigned to it or run it.
    package var usedBy: [String]

    package struct Blob: Codable, Sendable, Hashable {
        package var role: String
        package var digest: Digest
        package var size: Int64
        package init(role: String, digest: Digest, size: Int64) { (self.role, self.digest, self.size) = (role, digest, size) }
    }

    package init(
        digest: Digest, references: [String], kernel: String, downloadSize: Int64, blobs: [Blob], packages: Int, usedBy: [String]
    ) {
        (self.digest, self.references, self.kernel, self.downloadSize) = (digest, references, kernel, downloadSize)
        (self.blobs, self.packages, self.usedBy) = (blobs, packages, usedBy)
    }
}

/// `bennu image import`: a directory in OCI layout that the server can read.
package struct ImageImport: Codable, Sendable, Hashable {
    package var path: String
    /// References to set; the layout's own when empty.
    package var references: [String]
    package init(path: String, references: [String]) { (self.path, self.references) = (path, references) }
}

/// `bennu image tag`.
package struct ImageTag: Codable, Sendable, Hashable {
    package var reference: String
    package init(reference: String) { self.reference = reference }
}

/// `bennu image verify`: one line a blob.
package struct ImageVerification: Codable, Sendable, Hashable {
    package var digest: Digest
    package var blobs: Int
    /// What is wrong, by blob; empty when every byte is as named.
    package var faults: [String]
    package init(digest: Digest, blobs: Int, faults: [String]) { (self.digest, self.blobs, self.faults) = (digest, blobs, faults) }
}
