import FleetModel
import Foundation
import ImageStore
import Primitives

/// A boot image of a few bytes, in OCI layout: all that a fleet needs to assign one.
package struct ImageLayout {
    package let directory: String

    /// - Parameters:
    ///   - seed: what its bytes follow from; another seed is another image.
    ///   - reference: the name that it gives itself.
    ///   - emulator: the version of its QEMU.
    package init(
        in directory: String, seed: String = "1", reference: String? = "kvm:1", emulator: String = "1:10.0.13+ds-0+deb13u1",
        machineTypes: [String]? = nil
    ) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: "\(directory)/blobs/sha256", withIntermediateDirectories: true)
        try write("oci-layout", json(BootImageLayout.current))
        let root = try blob(Array("root \(seed)".utf8), .root)
        let layers = [
            try blob(Array("kernel \(seed)".utf8), .kernel), try blob(Array("initrd \(seed)".utf8), .initrd), root,
            try blob(Array("loader".utf8), .bootFile, annotations: [BootImageAnnotation.title: "undionly.kpxe"]),
        ]
        let description = BootImageDescription(
            imageContract: BootImageDescription.currentContract, architecture: "amd64", kernel: .init(release: "6.12-\(seed)", flavor: .cloud),
            rootDigest: root.digest,
            embedsRoot: false,
            packages: [
                .init(name: "qemu-system-x86", version: emulator, architecture: "amd64"),
                .init(name: "systemd", version: "257", architecture: "amd64"),
            ], machineTypes: machineTypes,
            inputs: .init(
                suite: "trixie", sourceDateEpoch: 1, lock: root.digest, agent: nil, overlay: nil, extraPackages: [], tools: [:]))
        let manifest = BootImageManifest(config: try blob(try json(description), .config), layers: layers)
        var descriptor = try blob(try json(manifest), .manifest)
        if let reference { descriptor.annotations = [BootImageAnnotation.reference: reference] }
        try write("index.json", json(BootImageIndex(manifests: [descriptor])))
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: "\(directory)/\(name)")) }

    private func json(_ value: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(value)) }

    private func blob(_ bytes: [UInt8], _ type: BootImageMediaType, annotations: [String: String]? = nil) throws -> BootImageDescriptor {
        let digest = FileDigest.of(bytes)
        try write("blobs/sha256/\(digest.hexadecimal)", bytes)
        return BootImageDescriptor(mediaType: type, digest: digest, size: Int64(bytes.count), annotations: annotations)
    }
}
