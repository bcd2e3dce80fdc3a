import BootPolicy
import DHCPWire
import Documents
import Fleet
import FleetFixtures
import FleetModel
import Foundation
import OperatorTypes
import Primitives
import Store
import TestSupport
import Testing

@Suite("Boot programs that documents name are read once, kept, and published under one name")
struct LoaderFileTests {
    /// A PE header of a machine type, with `seed` behind it.
    private static func program(_ machine: UInt16 = 0xaa64, seed: String = "") -> [UInt8] {
        var bytes = Array("MZ".utf8) + [UInt8](repeating: 0, count: 62)
        bytes[0x3c] = 0x40
        return bytes + [0x50, 0x45, 0, 0, UInt8(machine & 255), UInt8(machine >> 8)] + Array(seed.utf8)
    }

    private static func document(_ file: String, architecture: String = "arm64-uefi") -> String {
        "apiVersion: bennu/v1\nkind: BootServer\nmetadata: {name: site}\nspec:\n  loaders:\n  - architecture: \(architecture)\n    file: \(file)\n"
    }

    private func write(_ bytes: [UInt8], to path: String, mode: Int = 0o644) throws {
        try Data(bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func apply(_ text: String, to site: TestSite, dryRun: Bool = false) async throws -> ApplyResult {
        try await site.fleet.apply(ApplyRequest(files: [.init(path: "site.yaml", text: text)], dryRun: dryRun))
    }

    private func offered(_ architecture: ClientArchitecture, at site: TestSite) -> Result<String, DHCPRefusal> {
        let loaders = site.fleet.subnets.loaders
        return Result { () throws(DHCPRefusal) in try loaders.file(for: BootClient(architecture)) }
    }

    private func content(_ name: String, at site: TestSite) -> [UInt8]? {
        guard let blob = site.fleet.bootFile(name), let data = FileManager.default.contents(atPath: blob.path) else { return nil }
        #expect(Int64(data.count) == blob.size)
        return Array(data)
    }

    @Test("it is offered and published from then on, as it was then, and no more when the document goes")
    func inForce() async throws {
        let site = try await TestSite(SiteText.site())
        let file = site.directory.path + "/ipxe.efi"
        try write(Self.program(), to: file)
        let generation = site.fleet.subnets.generation
        #expect(offered(.arm64UEFI, at: site) == .success("ipxe-arm64.efi"))
        try await site.apply(Self.document(file))
        #expect(site.fleet.subnets.generation != generation)
        #expect(offered(.arm64UEFI, at: site) == .success("arm64-uefi/ipxe.efi") && offered(.x64UEFI, at: site) == .success("snponly.efi"))
        #expect(site.fleet.addedLoaders == [11: "arm64-uefi/ipxe.efi"])
        #expect(content("arm64-uefi/ipxe.efi", at: site) == Self.program())
        for name in ["ipxe.efi", file, "arm64-uefi", "arm64-uefi/../arm64-uefi/ipxe.efi", "arm64-uefi/site.key"] {
            #expect(site.fleet.bootFile(name) == nil)
        }
        // The file changes, and what is sent does not before the document is applied again.
        try write(Self.program(seed: "2"), to: file)
        try await site.apply(SiteText.host(3))
        #expect(content("arm64-uefi/ipxe.efi", at: site) == Self.program())
        let again = try await site.apply(Self.document(file))
        #expect(again.changes == [.init(kind: .changed, document: "BootServer/site")])
        #expect(content("arm64-uefi/ipxe.efi", at: site) == Self.program(seed: "2"))
        #expect(try await site.apply(Self.document(file)).changes.map(\.kind) == [.unchanged])

        _ = try await site.fleet.removeDocument(kind: "BootServer", name: "site")
        #expect(offered(.arm64UEFI, at: site) == .success("ipxe-arm64.efi"))
        #expect(site.fleet.bootFile("arm64-uefi/ipxe.efi") == nil && site.fleet.addedLoaders.isEmpty)
    }

    @Test("it goes before the image's own program of that architecture, and an image that is removed takes it not along")
    func beside() async throws {
        let site = try await TestSite(SiteText.subnet)
        try await site.addImage()
        let file = site.directory.path + "/snponly.efi"
        try write(Self.program(0x8664), to: file)
        try await site.apply(Self.document(file, architecture: "x64-uefi"))
        #expect(offered(.x64UEFI, at: site) == .success("x64-uefi/snponly.efi"))
        #expect(offered(.efiByteCode, at: site) == .success("x64-uefi/snponly.efi"))
        #expect(offered(.x64UEFIHTTP, at: site) == .success("snponly.efi"))
        try await site.fleet.removeImage(named: "kvm:1")
        #expect(content("x64-uefi/snponly.efi", at: site) == Self.program(0x8664))
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: String
        var make: @Sendable (String) throws -> Void
    }

    static let bad = [
        Bad(testDescription: "nothing there", expected: "No such file") { _ in },
        Bad(testDescription: "a directory", expected: "no regular file") {
            try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: true)
        },
        Bad(testDescription: "a pipe, which nobody waits for", expected: "no regular file") { _ = mkfifo($0, 0o644) },
        Bad(testDescription: "an empty file", expected: "it is empty") { try Data().write(to: URL(filePath: $0)) },
        Bad(testDescription: "a secret", expected: "not every user here may read it") {
            try Data("key".utf8).write(to: URL(filePath: $0))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: $0)
        },
        Bad(testDescription: "32 MiB and a byte", expected: "a boot program has 33554432 at most") {
            try Data().write(to: URL(filePath: $0))
            _ = truncate($0, 33_554_433)
        },
        Bad(testDescription: "a script", expected: "no program for UEFI") { try Data("#!ipxe\n".utf8).write(to: URL(filePath: $0)) },
        Bad(testDescription: "a program for x64", expected: "PE machine type 0x8664) than arm64") {
            try Data(program(0x8664)).write(to: URL(filePath: $0))
        },
    ]

    @Test("what is no such file is a mistake with its place, and nothing changes", arguments: bad)
    func mistake(bad: Bad) async throws {
        let site = try await TestSite(SiteText.site())
        let good = site.directory.path + "/good.efi"
        try write(Self.program(), to: good)
        try await site.apply(Self.document(good))
        let file = site.directory.path + "/bad.efi"
        try bad.make(file)
        let revision = try await site.store.currentRevision()
        for dryRun in [true, false] {
            let result = try await apply(SiteText.all(SiteText.host(7), Self.document(file)), to: site, dryRun: dryRun)
            let mistake = try #require(result.mistakes.first)
            #expect(result.mistakes.count == 1 && result.changes.isEmpty && result.revision == 2)
            #expect(mistake.file == "site.yaml" && mistake.line == 15 && mistake.column == 11 && mistake.path == "spec.loaders[0].file")
            #expect(mistake.message.contains(file) && mistake.message.contains(bad.expected), "\(mistake.message)")
            #expect(mistake.hint?.contains("the server's computer") == true)
        }
        #expect(try await site.store.currentRevision() == revision)
        #expect(site.fleet.snapshot.documents.host("h7") == nil)
        #expect(content("arm64-uefi/good.efi", at: site) == Self.program() && site.fleet.bootFile("arm64-uefi/bad.efi") == nil)
    }

    @Test("an apply that only tries puts nothing anywhere")
    func dryRun() async throws {
        let site = try await TestSite(SiteText.site())
        let file = site.directory.path + "/ipxe.efi"
        try write(Self.program(), to: file)
        let blobs = site.directory.path + "/images/blobs/sha256"
        let before = try FileManager.default.contentsOfDirectory(atPath: blobs)
        #expect(try await apply(Self.document(file), to: site, dryRun: true).changes.map(\.kind) == [.created])
        #expect(try FileManager.default.contentsOfDirectory(atPath: blobs) == before)
        #expect(offered(.arm64UEFI, at: site) == .success("ipxe-arm64.efi"))
    }

    @Test("a server that starts again has it although its file is gone, and the same documents apply again")
    func restart() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let file = directory.path + "/ipxe.efi"
        try write(Self.program(), to: file)
        let before = try await TestSite(SiteText.all(SiteText.site(), Self.document(file)), store: store, directory: directory)
        try before.close()
        try FileManager.default.removeItem(atPath: file)
        let after = try await TestSite(store: store, directory: directory)
        #expect(offered(.arm64UEFI, at: after) == .success("arm64-uefi/ipxe.efi"))
        #expect(content("arm64-uefi/ipxe.efi", at: after) == Self.program())
        // As the server itself does at its start: not so the operator, nor with another document that names the file.
        let request = ApplyRequest(files: [.init(path: "site.yaml", text: Self.document(file))], dryRun: false)
        #expect(try await after.fleet.apply(request, keepingLoaders: true).changes.map(\.kind) == [.unchanged])
        #expect(try await after.fleet.apply(request).mistakes.count == 1)
        let text = Self.document(file, architecture: "arm64-uefi-http")
        let other = ApplyRequest(files: [.init(path: "site.yaml", text: text)], dryRun: false)
        #expect(try await after.fleet.apply(other, keepingLoaders: true).mistakes.count == 1)
        #expect(offered(.arm64UEFI, at: after) == .success("arm64-uefi/ipxe.efi"))
    }

    @Test("one whose content is lost is told of and refused, until its document is applied again")
    func lost() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let file = directory.path + "/ipxe.efi"
        try write(Self.program(), to: file)
        let before = try await TestSite(SiteText.all(SiteText.site(), Self.document(file)), store: store, directory: directory)
        let blob = try #require(before.fleet.bootFile("arm64-uefi/ipxe.efi"))
        try before.close()
        try FileManager.default.removeItem(atPath: blob.path)
        let after = try await TestSite(store: store, directory: directory)
        #expect(offered(.arm64UEFI, at: after) == .failure(.loaderMissing))
        #expect(after.fleet.bootFile("arm64-uefi/ipxe.efi") == nil)
        let event = try #require(try await after.fleet.networkEvents().first { $0.name == "loader-missing" })
        #expect(event.attributes["file"] == file && event.detail.contains("apply the BootServer document again"))
        #expect(try await after.apply(Self.document(file)).changes.map(\.kind) == [.changed])
        #expect(offered(.arm64UEFI, at: after) == .success("arm64-uefi/ipxe.efi"))
        #expect(content("arm64-uefi/ipxe.efi", at: after) == Self.program())
    }

    @Test("a crash at any commit leaves the loader before it or the one after it")
    func crash() async throws {
        var reachedEnd = false
        for commits in 0..<20 where !reachedEnd {
            let (store, directory) = (FailingStore(after: 1000), try TemporaryDirectory())
            let file = directory.path + "/ipxe.efi"
            try write(Self.program(), to: file)
            let site = try await TestSite(SiteText.all(SiteText.site(), Self.document(file)), store: store, directory: directory)
            try write(Self.program(seed: "2"), to: file)
            store.allow(commits)
            reachedEnd = (try? await site.apply(Self.document(file))) != nil
            try site.close()
            let after = try await TestSite(store: store.inner, directory: directory)
            let isNew = after.fleet.snapshot.revision == 2
            #expect(isNew || !reachedEnd)
            #expect(content("arm64-uefi/ipxe.efi", at: after) == Self.program(seed: isNew ? "2" : ""), "after \(commits) commits")
        }
        #expect(reachedEnd)
    }
}
