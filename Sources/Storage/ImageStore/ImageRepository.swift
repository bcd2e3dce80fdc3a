package import FleetModel
import FoundationEssentials
import Glibc
package import Primitives

/// The images of a site in one directory: `blobs/sha256/HEX` as in an OCI layout, and `images/HEX`, an empty file for each manifest
/// that is complete. A blob is on disk before an image that names it is visible, so a crash leaves blobs too many and never too few.
/// Any number of processes may read; those that change it exclude each other by a lock.
package struct ImageRepository: Sendable {
    package let directory: String

    /// Opens or creates the store and clears what an interrupted import left.
    package init(directory: String) throws(ImageStoreError) {
        self.directory = directory
        for path in ["blobs/sha256", "images", "incoming"] { try DurableFile.makeDirectory("\(directory)/\(path)") }
        let lock = try StoreLock(directory)
        defer { lock.release() }
        for name in try DurableFile.names(in: "\(directory)/incoming") { unlink("\(directory)/incoming/\(name)") }
    }

    /// The file of a blob, whether or not it is there: for `open`, which says so.
    package func path(of digest: Primitives.Digest) -> String { "\(directory)/blobs/sha256/\(digest.hexadecimal)" }

    package func image(_ digest: Primitives.Digest) throws(ImageStoreError) -> BootImage {
        guard access(marker(digest), F_OK) == 0 else { throw .noSuchImage(digest) }
        return try Layout(directory).image(digest)
    }

    /// The digests of all images, the one that came in first before the others.
    package func digests() throws(ImageStoreError) -> [Primitives.Digest] {
        let dated = try digests(in: "images").map { digest in
            var status = stat()
            let seconds = lstat(marker(digest), &status) == 0 ? (status.st_mtim.tv_sec, status.st_mtim.tv_nsec) : (0, 0)
            return (digest, seconds)
        }
        return dated.sorted { ($0.1.0, $0.1.1, $0.0) < ($1.1.0, $1.1.1, $1.0) }.map(\.0)
    }

    /// Every image, by digest.
    package func list() throws(ImageStoreError) -> [BootImage] {
        var images: [BootImage] = []
        for digest in try digests(in: "images") { images.append(try image(digest)) }
        return images
    }

    func marker(_ digest: Primitives.Digest) -> String { "\(directory)/images/\(digest.hexadecimal)" }

    /// The file names in a directory that are digests, sorted.
    func digests(in name: String) throws(ImageStoreError) -> [Primitives.Digest] {
        try DurableFile.names(in: "\(directory)/\(name)").compactMap { Primitives.Digest("sha256:\($0)") }.sorted()
    }
}

/// What an import made visible.
package struct ImportedImage: Hashable, Sendable {
    package let image: BootImage
    /// The name that the layout gave it; tags are kept elsewhere.
    package let reference: ImageReference?

    package init(image: BootImage, reference: ImageReference?) {
        self.image = image
        self.reference = reference
    }
}
