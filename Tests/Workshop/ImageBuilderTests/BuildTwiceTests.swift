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
    @Test("the same lock gives the same digest, in another directory, with another umask, host name and number of cores, 400 days later")
    func sameDigest() async throws {
        let place = try Scratch()
        let overlay = "\(place.directory)/overlay"
        try Files.makeDirectory("\(overlay)/etc")
        try Files.write("hello\n", to: "\(overlay)/etc/motd")
        try setModified("\(overlay)/etc/motd", 1_000_000_000)
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
        try setModified("\(other)/etc/motd", time(nil) + 86_400)
        var second = options(place, "a/longer/path/second")
        second.lock = first.writeLock
        second.overlay = other
        second.launcher = Self.otherComputer
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
        try await expectLaterClock(toolbox, in: listing)
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

    /// Another host name, one core, and a clock that is 400 days ahead, for the root's own programs too: inside a chroot the library that
    /// shifts the clock is found through the first process of the name space, which stays outside of it.
    static let otherComputer = [
        "unshare", "--uts", "--pid", "--fork", "--mount-proc", "sh", "-c",
        """
        hostname twin
        export LD_PRELOAD=/proc/1/root/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1
        export FAKETIME=+400d NO_FAKE_STAT=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1
        exec taskset 1 "$@"
        """, "sh",
    ]

    /// Without the library the loader only warns, and the second build would have had the clock of the first.
    private func expectLaterClock(_ toolbox: Toolbox, in root: String) async throws {
        var later = toolbox
        later.launcher = Self.otherComputer
        let here = try await later.run("date", ["+%s"])
        // As mmdebstrap does it: the first process stays outside, and a child changes its root.
        let script = "mount -t proc proc \"$1/proc\" && chroot \"$1\" date +%s; exit $?"
        let inside = try await later.run("unshare", ["--mount", "--pid", "--fork", "sh", "-c", script, "sh", root])
        for text in [here, inside] {
            let seconds = try #require(Int(text.split(separator: "\n").last ?? ""))
            #expect(seconds - time(nil) > 399 * 86_400, "the second build had another clock")
        }
    }

    private func setModified(_ path: String, _ seconds: Int) throws {
        let moment = timespec(tv_sec: seconds, tv_nsec: 0)
        try #require(utimensat(AT_FDCWD, path, [moment, moment], 0) == 0)
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
