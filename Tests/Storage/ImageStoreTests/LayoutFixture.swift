import FleetModel
import FoundationEssentials
import ImageStore
import Primitives

/// A small OCI layout in a directory of its own, and the ways to spoil it.
struct LayoutFixture {
    let directory: String
    var index = BootImageIndex(manifests: [])

    init() throws {
        var generator = SystemRandomNumberGenerator()
        directory = "\(FileManager.default.temporaryDirectory.path)/bennu-layout-\(RandomToken.make(count: 12, using: &generator))"
        try FileManager.default.createDirectory(atPath: "\(directory)/blobs/sha256", withIntermediateDirectories: true)
        try write("oci-layout", json(BootImageLayout.current))
    }

    func path(_ digest: Digest) -> String { "\(directory)/blobs/sha256/\(digest.hexadecimal)" }

    func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: "\(directory)/\(name)")) }

    func json(_ value: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(value)) }

    func blob(_ bytes: [UInt8], _ type: BootImageMediaType, annotations: [String: String]? = nil) throws -> BootImageDescriptor {
        let digest = FileDigest.of(bytes)
        try write("blobs/sha256/\(digest.hexadecimal)", bytes)
        return BootImageDescriptor(mediaType: type, digest: digest, size: Int64(bytes.count), annotations: annotations)
    }

    /// Adds an image whose content follows from `seed`; `change` may spoil its manifest before it is digested.
    mutating func addImage(
        _ seed: String, reference: String? = nil, rootDigest: Digest? = nil, change: (inout BootImageManifest) -> Void = { _ in }
    ) throws -> BootImageManifest {
        let kernel = try blob(Array("kernel \(seed)".utf8), .kernel)
        let initrd = try blob(Array("initrd \(seed)".utf8), .initrd)
        let root = try blob([UInt8](repeating: 7, count: 3 << 20) + Array(seed.utf8), .root)
        let loader = try blob(Array("loader".utf8), .bootFile, annotations: [BootImageAnnotation.title: "undionly.kpxe"])
        let description = BootImageDescription(
            imageContract: BootImageDescription.currentContract, architecture: "amd64", kernel: .init(release: "6.12", flavor: .cloud),
            rootDigest: rootDigest ?? root.digest,
            embedsRoot: false, packages: [.init(name: "systemd", version: "257", architecture: "amd64")],
            inputs: .init(
                suite: "trixie", sourceDateEpoch: 1, lock: root.digest, agent: nil, overlay: nil, extraPackages: [], tools: [:]))
        var manifest = BootImageManifest(config: try blob(try json(description), .config), layers: [kernel, initrd, root, loader])
        change(&manifest)
        let bytes = try json(manifest)
        var descriptor = try blob(bytes, .manifest)
        if let reference { descriptor.annotations = [BootImageAnnotation.reference: reference] }
        index.manifests.append(descriptor)
        try write("index.json", json(index))
        return manifest
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}
