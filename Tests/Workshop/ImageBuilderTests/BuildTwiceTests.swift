import FleetModel
import FoundationEssentials
import Glibc
import ImageStore
import Primitives
import Testing

@testable import ImageBuilder

/// Builds whole images: minutes each, the archive or a filled cache, and the rights that mmdebstrap needs. `BENNU_IMAGE_TESTS=1` asks,
/// `BENNU_IMAGE_CACHE` names a package cache to share.
@Suite("A whole build", .enabled(if: getenv("BENNU_IMAGE_TESTS") != nil), .serialized)
struct BuildTwiceTests {
    @Test("the same lock gives the same digest, in another directory, with another umask, host name and number of cores, at another time")
    func sameDigest() async throws {
        let place = try Scratch()
        let overlay = "\(place.directory)/overlay"
        try Files.makeDirectory("\(overlay)/etc")
        try Files.write("hello\n", to: "\(overlay)/etc/motd")
        var first = options(place, "first")
        first.writeLock = "\(place.directory)/lock.json"
        first.overlay = overlay
        umask(0o022)
        let one = try await BootImageBuild.run(first) { _ in }

        // The same overlay as another person's checkout has it.
        let other = "\(place.directory)/a/longer/path/overlay"
        try Files.makeDirectory("\(other)/etc")
        try Files.write("hello\n", to: "\(other)/etc/motd", mode: 0o600)
        chmod("\(other)/etc", 0o700)
        var second = options(place, "a/longer/path/second")
        second.lock = first.writeLock
        second.overlay = other
        second.launcher = ["unshare", "--uts", "sh", "-c", "hostname twin; exec taskset 1 \"$@\"", "sh"]
        umask(0o077)
        let two = try await BootImageBuild.run(second) { _ in }
        umask(0o022)
        #expect(one.manifest.layers.map(\.digest) == two.manifest.layers.map(\.digest))
        #expect(one.digest == two.digest)

        // Nothing of this host is in it: its name, its build directory, its archive.
        let root = try #require(one.manifest.root)
        let listing = "\(place.directory)/unpacked"
        let toolbox = Toolbox(log: "\(place.directory)/log", temporaryDirectory: place.directory)
        let blob = "\(first.output)/blobs/sha256/\(root.digest.hexadecimal)"
        try await toolbox.run("unsquashfs", ["-q", "-n", "-no-xattrs", "-d", listing, blob])
        var found: [String] = []
        let words = BootImageBuild.sourcesLists().joined(separator: "\n").split(whereSeparator: { " \n\t".contains($0) })
        let archives = words.filter { $0.contains("://") }.compactMap { $0.split(separator: "/").dropFirst().first.map(String.init) }
        let forbidden = Set(archives + [place.directory])
        for path in Files.tree(listing) where path.hasPrefix("etc/") || path.hasPrefix("var/") || path.hasPrefix("root/") {
            guard case .file = Files.kind("\(listing)/\(path)") else { continue }
            let text = String(decoding: try Files.read("\(listing)/\(path)"), as: UTF8.self)
            if forbidden.contains(where: { text.contains($0) }) || text.contains("PRIVATE KEY-----") { found.append(path) }
        }
        #expect(found == [])
        #expect(try Files.read("\(listing)/etc/machine-id") == [])
        let shadow = String(decoding: try Files.read("\(listing)/etc/shadow"), as: UTF8.self)
        let passwords = shadow.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false)[1] }
        #expect(passwords.allSatisfy { $0 == "*" || $0.hasPrefix("!") })

        // And a site takes it.
        let store = try ImageRepository(directory: "\(place.directory)/store")
        #expect(try store.importLayout(first.output).map(\.reference) == [ImageReference("kvm:test")])
        #expect(try store.verify(one.digest) == [])
    }

    private func options(_ place: Scratch, _ name: String) -> ImageBuildOptions {
        var options = ImageBuildOptions(name: "kvm", tag: "test", kernel: .cloud, output: "\(place.directory)/\(name)")
        options.temporaryDirectory = "\(place.directory)/\(name)-work"
        options.cache = getenv("BENNU_IMAGE_CACHE").map { String(cString: $0) } ?? "\(place.directory)/cache"
        options.compressionLevel = 3
        return options
    }
}

/// A directory that is gone when the test ends.
final class Scratch {
    let directory: String

    init() throws {
        var generator = SystemRandomNumberGenerator()
        directory = "/var/tmp/bennu-test-\(RandomToken.make(count: 12, using: &generator))"
        try Files.makeDirectory(directory)
    }

    deinit { Files.remove(directory) }
}
