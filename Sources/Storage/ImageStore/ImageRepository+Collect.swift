import FleetModel
import Glibc
package import Primitives

extension ImageRepository {
    /// Reads every blob of an image again; the problems, none when it is sound.
    package func verify(_ digest: Primitives.Digest) throws(ImageStoreError) -> [ImageStoreError] {
        guard access(marker(digest), F_OK) == 0 else { throw .noSuchImage(digest) }
        let image: BootImage
        do { image = try Layout(directory).image(digest) } catch { return [error] }
        var problems: [ImageStoreError] = []
        for blob in image.manifest.blobs {
            do throws(FileProblem) {
                let found = try FileDigest.ofFile(path(of: blob.digest))
                if found.size != blob.size { problems.append(.sizeMismatch(blob.digest, expected: blob.size, found: found.size)) }
                if found.digest != blob.digest { problems.append(.digestMismatch(expected: blob.digest, found: found.digest)) }
            } catch {
                problems.append(error.errorNumber == ENOENT ? .blobMissing(blob.digest) : .file(error))
            }
        }
        return problems
    }

    /// Forgets an image that nothing refers to. Its blobs stay until `collect`: a host may be fetching them.
    package func remove(_ digest: Primitives.Digest, isReferenced: (Primitives.Digest) -> Bool) throws(ImageStoreError) {
        let lock = try StoreLock(directory)
        defer { lock.release() }
        guard access(marker(digest), F_OK) == 0 else { throw .noSuchImage(digest) }
        guard !isReferenced(digest) else { throw .imageInUse(digest) }
        guard unlink(marker(digest)) == 0 else { throw .file(FileProblem(path: marker(digest), call: "remove", errorNumber: errno)) }
        try DurableFile.flushDirectory(of: marker(digest))
    }

    /// What a collection removed.
    package struct Collected: Hashable, Sendable {
        package var blobs = 0
        /// Bytes.
        package var size: Int64 = 0
    }

    /// Removes the blobs that no image names and that are not in `keeping`.
    package func collect(keeping: Set<Primitives.Digest> = []) throws(ImageStoreError) -> Collected {
        let lock = try StoreLock(directory)
        defer { lock.release() }
        var used = keeping
        // An image that cannot be read names blobs that we cannot know: nothing is removed then.
        for image in try list() { used.formUnion([image.digest] + image.manifest.blobs.map(\.digest)) }
        var collected = Collected()
        for digest in try digests(in: "blobs/sha256") where !used.contains(digest) {
            var status = stat()
            guard lstat(path(of: digest), &status) == 0, unlink(path(of: digest)) == 0 else {
                throw .file(FileProblem(path: path(of: digest), call: "remove", errorNumber: errno))
            }
            collected.blobs += 1
            collected.size += Int64(status.st_size)
        }
        return collected
    }
}
