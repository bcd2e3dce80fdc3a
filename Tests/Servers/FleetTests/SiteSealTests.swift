import Fleet
import FleetFixtures
import Foundation
import ImageStore
import Primitives
import TestSupport
import Testing

@Suite("The seal: the site's public key as an initrd of its own")
struct SiteSealTests {
    private func unpack(_ archive: String, into directory: String) throws -> Int32 {
        let cpio = Process()
        cpio.executableURL = URL(filePath: "/usr/bin/env")
        cpio.arguments = ["cpio", "--extract", "--quiet", "--no-absolute-filenames"]
        cpio.currentDirectoryURL = URL(filePath: directory)
        cpio.standardInput = try FileHandle(forReadingFrom: URL(filePath: archive))
        try cpio.run()
        cpio.waitUntilExit()
        return cpio.terminationStatus
    }

    @Test("cpio unpacks it to /etc/bennu/site.pub with the public key")
    func unpacks() async throws {
        let site = try await TestSite()
        let seal = try #require(site.fleet.snapshot.seal)
        let directory = try TemporaryDirectory()
        #expect(try unpack(seal.path, into: directory.path) == 0)
        let path = directory.path + "/etc/bennu/site.pub"
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Hexadecimal.encode(site.fleet.site.publicKey) + "\n")
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o644)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["etc"])
    }

    @Test("its digest and size are those of the file, and it leaves the boot server by them")
    func published() async throws {
        let site = try await TestSite()
        let seal = try #require(site.fleet.snapshot.seal)
        let bytes = Array(try Data(contentsOf: URL(filePath: seal.path)))
        #expect(FileDigest.of(bytes) == seal.digest && Int64(bytes.count) == seal.size && bytes.count % 512 == 0)
        #expect(site.fleet.blob(seal.digest) == seal)
    }

    @Test("another site's seal is another")
    func differs() async throws {
        let (a, b) = (try await TestSite(), try await TestSite())
        #expect(a.fleet.snapshot.seal?.digest != b.fleet.snapshot.seal?.digest)
    }
}
