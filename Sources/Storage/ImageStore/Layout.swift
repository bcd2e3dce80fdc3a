import FleetModel
import FoundationEssentials
import Glibc
import Primitives

/// Reads an OCI image layout that nobody vouches for: every byte is checked against the digest that names it.
struct Layout {
    let directory: String

    /// A manifest or config beyond this is none.
    static let documentLimit = 4 << 20

    init(_ directory: String) { self.directory = directory }

    func path(of digest: Primitives.Digest) -> String { "\(directory)/blobs/sha256/\(digest.hexadecimal)" }

    func index() throws(ImageStoreError) -> BootImageIndex {
        let path = "\(directory)/oci-layout"
        guard access(path, R_OK) == 0 else { throw .notALayout(path: directory, reason: "there is no file oci-layout") }
        let layout = try decode(BootImageLayout.self, try document(path), path)
        guard layout.imageLayoutVersion.hasPrefix("1.") else {
            throw .notALayout(path: directory, reason: "its version is \(layout.imageLayoutVersion)")
        }
        let index = "\(directory)/index.json"
        return try decode(BootImageIndex.self, try document(index), index)
    }

    /// The manifest under a descriptor, when it is one of a boot image; `nil` for another artifact, such as a signature.
    func bootManifest(_ descriptor: BootImageDescriptor) throws(ImageStoreError) -> BootImageManifest? {
        guard descriptor.mediaType == .manifest else { return nil }
        let bytes = try checked(descriptor)
        let artifact = try decode(Artifact.self, bytes, path(of: descriptor.digest))
        guard artifact.artifactType == .bootImage else { return nil }
        return try decode(BootImageManifest.self, bytes, path(of: descriptor.digest))
    }

    func image(_ digest: Primitives.Digest) throws(ImageStoreError) -> BootImage {
        let bytes = try document(path(of: digest), blob: digest)
        let found = FileDigest.of(bytes)
        guard found == digest else { throw .digestMismatch(expected: digest, found: found) }
        return try image(digest, try decode(BootImageManifest.self, bytes, path(of: digest)))
    }

    /// Manifest and config agree and nothing that a boot needs is missing.
    func image(_ digest: Primitives.Digest, _ manifest: BootImageManifest) throws(ImageStoreError) -> BootImage {
        for type in [BootImageMediaType.kernel, .initrd, .root] {
            let count = manifest.layers.count { $0.mediaType == type }
            guard count > 0 else { throw .layerMissing(image: digest, mediaType: type.rawValue) }
            guard count == 1 else { throw .layerRepeated(image: digest, mediaType: type.rawValue) }
        }
        let description = try decode(BootImageDescription.self, try checked(manifest.config), path(of: manifest.config.digest))
        if let root = manifest.root, root.digest != description.rootDigest {
            throw .rootMismatch(image: digest, config: description.rootDigest, layer: root.digest)
        }
        return BootImage(digest: digest, manifest: manifest, description: description)
    }

    private struct Artifact: Decodable {
        var artifactType: BootImageMediaType?
    }

    private func checked(_ descriptor: BootImageDescriptor) throws(ImageStoreError) -> [UInt8] {
        let bytes = try document(path(of: descriptor.digest), blob: descriptor.digest)
        guard Int64(bytes.count) == descriptor.size else {
            throw .sizeMismatch(descriptor.digest, expected: descriptor.size, found: Int64(bytes.count))
        }
        let found = FileDigest.of(bytes)
        guard found == descriptor.digest else { throw .digestMismatch(expected: descriptor.digest, found: found) }
        return bytes
    }

    private func document(_ path: String, blob: Primitives.Digest? = nil) throws(ImageStoreError) -> [UInt8] {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if let blob { throw .blobMissing(blob) }
            throw .file(FileProblem(path: path, call: "open", errorNumber: errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            if let blob { throw .blobNotAFile(blob) }
            throw .malformed(path: path, reason: "it is no regular file")
        }
        guard status.st_size <= Self.documentLimit else { throw .malformed(path: path, reason: "it has \(status.st_size) bytes") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(FileProblem(path: path, call: "read", errorNumber: errno))
        }
        return Array(data)
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ path: String) throws(ImageStoreError) -> Value {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch { throw .malformed(path: path, reason: "\(error)") }
    }
}
