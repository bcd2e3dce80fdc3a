import FleetModel
import Foundation
import ImageBuilder
import ImageStore
import Primitives

/// A real image in which one thing is broken, as an OCI layout beside the original's: its initrd has files more, which win over its own.
enum BrokenImage {
    /// The root is no file system any more. The initrd accepts it: its digest is as it should be.
    static func withoutRootFileSystem(of original: String, at directory: String) throws {
        try derive(from: original, to: directory) { layout in
            var root = try Data(contentsOf: URL(filePath: layout.path(layout.root.digest)))
            root.replaceSubrange(0..<4096, with: Data(count: 4096))
            layout.root = try layout.add(root, .root)
            layout.description.rootDigest = layout.root.digest
            return [("etc/bennu/root.digest", "\(layout.root.digest)\n")]
        }
    }

    /// The kernel panics as soon as there is a first program.
    static func withPanic(of original: String, at directory: String) throws {
        try derive(from: original, to: directory) { _ in
            [("init", "#!/bin/busybox sh\n/bin/busybox mount -t proc proc /proc\necho c > /proc/sysrq-trigger\n")]
        }
    }

    /// The kernel panics as soon as the initrd has made the way back ready. No guest has gone on by then, as their agent is called too late.
    static func withLatePanic(of original: String, at directory: String) throws {
        func changed(_ name: String, _ line: String, _ new: String) throws -> String {
            let script = "\(BootEnvironment.root)/Sources/Workshop/ImageBuilder/Resources/\(name)"
            let text = try String(contentsOfFile: script, encoding: .utf8)
            guard text.contains(line) else { throw Unmet("\(script) has no line \(line)") }
            return text.replacing(line, with: new)
        }
        let loop = "while :; do\n"
        let guardScript = try changed("initrd-guard.sh", loop, "echo c > former/proc/sysrq-trigger\n" + loop)
        let initScript = try changed("initrd-init.sh", "timeout 120 chroot /root /usr/lib/bennu/bennu-agent resume", "sleep 300")
        try derive(from: original, to: directory) { _ in [("etc/bennu/guard.sh", guardScript), ("init", initScript)] }
    }

    /// The kernel runs, and nothing comes of it.
    static func withHang(of original: String, at directory: String) throws {
        try derive(from: original, to: directory) { _ in [("init", "#!/bin/busybox sh\nwhile :; do /bin/busybox sleep 1000; done\n")] }
    }

    private struct Layout {
        let directory: String
        var description: BootImageDescription
        var root: BootImageDescriptor

        func path(_ digest: Digest) -> String { "\(directory)/blobs/sha256/\(digest.hexadecimal)" }

        func add(_ content: Data, _ type: BootImageMediaType) throws -> BootImageDescriptor {
            let digest = FileDigest.of(content)
            try content.write(to: URL(filePath: path(digest)))
            return BootImageDescriptor(mediaType: type, digest: digest, size: Int64(content.count))
        }
    }

    /// - Parameter change: makes the change, and says which files the initrd has anew.
    private static func derive(
        from original: String, to directory: String, _ change: (inout Layout) throws -> [(path: String, text: String)]
    ) throws {
        try FileManager.default.copyItem(atPath: original, toPath: directory)
        func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
            try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: path)))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var index = try read(BootImageIndex.self, "\(directory)/index.json")
        let blobs = "\(directory)/blobs/sha256"
        var manifest = try read(BootImageManifest.self, "\(blobs)/\(index.manifests[0].digest.hexadecimal)")
        var layout = Layout(
            directory: directory, description: try read(BootImageDescription.self, "\(blobs)/\(manifest.config.digest.hexadecimal)"),
            root: try manifest.root.unwrapped("root"))
        let files = try change(&layout)
        var archive = CpioArchive(modificationTime: 0)
        for file in files { archive.add(file: file.path, mode: 0o755, Array(file.text.utf8)) }
        archive.finish()
        let initrd = try Data(contentsOf: URL(filePath: layout.path(manifest.initrd.unwrapped("initrd").digest)))
        let longer = try layout.add(initrd + Data(archive.bytes), .initrd)
        manifest.layers = manifest.layers.map { $0.mediaType == .initrd ? longer : $0.mediaType == .root ? layout.root : $0 }
        manifest.config = try layout.add(encoder.encode(layout.description), .config)
        let top = try layout.add(encoder.encode(manifest), .manifest)
        index.manifests[0] = BootImageDescriptor(mediaType: .manifest, digest: top.digest, size: top.size)
        try encoder.encode(index).write(to: URL(filePath: "\(directory)/index.json"))
    }
}
