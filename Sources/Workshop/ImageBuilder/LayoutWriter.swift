import FleetModel
import FoundationEssentials
import Glibc
import ImageStore
import Primitives

/// Adds images to an OCI image layout (OCI image spec 1.1, "Image Layout Specification"): a directory with
/// `oci-layout`, `index.json` and `blobs/sha256/`. The index is replaced last, in one step.
struct LayoutWriter {
    let directory: String
    private var index: BootImageIndex

    init(directory: String) throws(ImageBuildError) {
        self.directory = directory
        try Files.makeDirectory("\(directory)/blobs/sha256")
        index = BootImageIndex(manifests: [])
        let path = "\(directory)/index.json"
        guard Files.exists(path) else { return }
        do {
            index = try JSONDecoder().decode(BootImageIndex.self, from: Data(try Files.read(path)))
        } catch {
            throw .layoutUnreadable(path: path, reason: "\(error)")
        }
    }

    func add(
        _ description: BootImageDescription, kernel: String, initrd: String, root: String, bootFiles: [(title: String, path: String)]
    ) throws(ImageBuildError) -> BootImage {
        let config = try blob(encode(description), .config)
        var layers = [try blob(file: kernel, .kernel), try blob(file: initrd, .initrd), try blob(file: root, .root)]
        for file in bootFiles {
            layers.append(try blob(file: file.path, .bootFile, annotations: [BootImageAnnotation.title: file.title]))
        }
        let manifest = BootImageManifest(config: config, layers: layers)
        let descriptor = try blob(encode(manifest), .manifest)
        return BootImage(digest: descriptor.digest, manifest: manifest, description: description)
    }

    /// Makes the image visible under a reference, which leaves the image that had it before.
    mutating func finish(_ image: BootImage, reference: String) throws(ImageBuildError) {
        let bytes = try Files.digest("\(directory)/blobs/sha256/\(image.digest.hexadecimal)")
        index.manifests.removeAll { $0.reference == reference }
        index.manifests.append(
            BootImageDescriptor(
                mediaType: .manifest, digest: image.digest, size: bytes.size, annotations: [BootImageAnnotation.reference: reference]))
        try Files.write(encode(BootImageLayout.current), to: "\(directory)/oci-layout")
        try replace("\(directory)/index.json", with: encode(index))
    }

    private func blob(_ bytes: [UInt8], _ type: BootImageMediaType) throws(ImageBuildError) -> BootImageDescriptor {
        let digest = FileDigest.of(bytes)
        try replace("\(directory)/blobs/sha256/\(digest.hexadecimal)", with: bytes)
        return BootImageDescriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    private func blob(
        file: String, _ type: BootImageMediaType, annotations: [String: String]? = nil
    ) throws(ImageBuildError) -> BootImageDescriptor {
        let (digest, size) = try Files.digest(file)
        let path = "\(directory)/blobs/sha256/\(digest.hexadecimal)"
        try Files.copy(file, to: path + ".partial")
        try move(path + ".partial", to: path)
        return BootImageDescriptor(mediaType: type, digest: digest, size: size, annotations: annotations)
    }

    private func encode(_ value: some Encodable) throws(ImageBuildError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(value)) } catch { throw .layoutUnreadable(path: directory, reason: "\(error)") }
    }

    private func replace(_ path: String, with bytes: [UInt8]) throws(ImageBuildError) {
        try Files.write(bytes, to: path + ".partial")
        try move(path + ".partial", to: path)
    }

    private func move(_ source: String, to target: String) throws(ImageBuildError) {
        guard rename(source, target) == 0 else { throw .file(FileProblem(path: target, call: "rename to", errorNumber: errno)) }
    }
}
