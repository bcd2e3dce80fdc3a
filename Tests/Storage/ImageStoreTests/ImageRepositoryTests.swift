import FleetModel
import FoundationEssentials
import Glibc
import ImageStore
import Primitives
import Testing

/// An empty store and a layout, gone when the test ends.
final class Workplace {
    var layout: LayoutFixture
    let store: ImageRepository

    init() throws {
        layout = try LayoutFixture()
        store = try ImageRepository(directory: layout.directory + "-store")
    }

    deinit {
        layout.remove()
        try? FileManager.default.removeItem(atPath: store.directory)
    }
}

@Suite("An image repository")
struct ImageRepositoryTests {
    @Test("takes every image of a layout, with the names that the layout gives")
    func imports() throws {
        let place = try Workplace()
        _ = try place.layout.addImage("a", reference: "kvm:1")
        let second = try place.layout.addImage("b")
        let imported = try place.store.importLayout(place.layout.directory)
        #expect(imported.map(\.reference) == [ImageReference("kvm:1"), nil])
        #expect(try place.store.list().map(\.digest) == imported.map(\.image.digest).sorted())
        let image = try place.store.image(imported[1].image.digest)
        #expect(image.manifest == second)
        #expect(image.manifest.bootFile(named: "undionly.kpxe")?.size == 6)
        #expect(image.downloadSize == 8 + 8 + 3 << 20 + 1)
        for blob in second.blobs { #expect(try FileDigest.ofFile(place.store.path(of: blob.digest)).digest == blob.digest) }
        #expect(try place.store.verify(image.digest) == [])
    }

    @Test("takes the same layout twice without harm")
    func importsTwice() throws {
        let place = try Workplace()
        _ = try place.layout.addImage("a", reference: "kvm:1")
        let first = try place.store.importLayout(place.layout.directory)
        #expect(try place.store.importLayout(place.layout.directory) == first)
        #expect(try place.store.list().count == 1)
    }

    /// A way to spoil a layout, and the refusal that it must meet.
    struct Spoiled: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let spoil: @Sendable (inout LayoutFixture) throws -> Void
        let isExpected: @Sendable (ImageStoreError) -> Bool
    }

    static let spoiled: [Spoiled] = [
        Spoiled(testDescription: "no oci-layout") { layout in
            _ = try layout.addImage("a")
            unlink("\(layout.directory)/oci-layout")
        } isExpected: {
            if case .notALayout = $0 { true } else { false }
        },
        Spoiled(testDescription: "a layout of a later version") { layout in
            _ = try layout.addImage("a")
            try layout.write("oci-layout", Array(#"{"imageLayoutVersion":"2.0.0"}"#.utf8))
        } isExpected: {
            if case .notALayout = $0 { true } else { false }
        },
        Spoiled(testDescription: "an index that is no JSON") { layout in
            try layout.write("index.json", Array("{".utf8))
        } isExpected: {
            if case .malformed = $0 { true } else { false }
        },
        Spoiled(testDescription: "no image") { layout in
            try layout.write("index.json", layout.json(layout.index))
        } isExpected: {
            if case .noBootImage = $0 { true } else { false }
        },
        Spoiled(testDescription: "a root with one bit changed") { layout in
            let manifest = try layout.addImage("a")
            let root = try #require(manifest.root)
            var bytes = [UInt8](repeating: 7, count: 3 << 20) + Array("a".utf8)
            bytes[1_500_000] ^= 1
            try layout.write("blobs/sha256/\(root.digest.hexadecimal)", bytes)
        } isExpected: {
            if case .digestMismatch = $0 { true } else { false }
        },
        Spoiled(testDescription: "a truncated kernel") { layout in
            let kernel = try #require(try layout.addImage("a").kernel)
            try layout.write("blobs/sha256/\(kernel.digest.hexadecimal)", [1])
        } isExpected: {
            if case .sizeMismatch(_, expected: 8, found: 1) = $0 { true } else { false }
        },
        Spoiled(testDescription: "a missing initrd") { layout in
            let initrd = try #require(try layout.addImage("a").initrd)
            unlink(layout.path(initrd.digest))
        } isExpected: {
            if case .blobMissing = $0 { true } else { false }
        },
        Spoiled(testDescription: "a kernel that is a link to a file outside") { layout in
            let kernel = try #require(try layout.addImage("a").kernel)
            unlink(layout.path(kernel.digest))
            try FileManager.default.createSymbolicLink(atPath: layout.path(kernel.digest), withDestinationPath: "/etc/passwd")
        } isExpected: {
            if case .blobNotAFile = $0 { true } else { false }
        },
        Spoiled(testDescription: "a manifest that was changed under its name") { layout in
            _ = try layout.addImage("a")
            let descriptor = layout.index.manifests[0]
            try layout.write("blobs/sha256/\(descriptor.digest.hexadecimal)", [UInt8](repeating: 32, count: Int(descriptor.size)))
        } isExpected: {
            if case .digestMismatch = $0 { true } else { false }
        },
        Spoiled(testDescription: "a size of less than nothing") { layout in
            _ = try layout.addImage("a") { $0.layers[1].size = -1 }
        } isExpected: {
            if case .sizeMismatch(_, expected: -1, found: 8) = $0 { true } else { false }
        },
        Spoiled(testDescription: "no root") { layout in
            _ = try layout.addImage("a") { $0.layers.removeAll { $0.mediaType == .root } }
        } isExpected: {
            if case .layerMissing = $0 { true } else { false }
        },
        Spoiled(testDescription: "two kernels") { layout in
            _ = try layout.addImage("a") { $0.layers.append($0.layers[0]) }
        } isExpected: {
            if case .layerRepeated = $0 { true } else { false }
        },
        Spoiled(testDescription: "an initrd sealed with another root") { layout in
            _ = try layout.addImage("a", rootDigest: FileDigest.of([1]))
        } isExpected: {
            if case .rootMismatch = $0 { true } else { false }
        },
        Spoiled(testDescription: "a reference that is none") { layout in
            _ = try layout.addImage("a", reference: "../kvm:1")
        } isExpected: {
            if case .referenceMalformed = $0 { true } else { false }
        },
    ]

    @Test("refuses a layout with a fault by the fault's name, and shows none of it", arguments: spoiled)
    func refuses(_ fault: Spoiled) throws {
        let place = try Workplace()
        try fault.spoil(&place.layout)
        let error = #expect(throws: ImageStoreError.self) { try place.store.importLayout(place.layout.directory) }
        #expect(error.map(fault.isExpected) == true, "refused as \(String(describing: error))")
        #expect(try place.store.list() == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.store.directory + "/incoming") == [])
    }

    @Test("passes over an artifact that is no boot image, such as a signature")
    func otherArtifacts() throws {
        let place = try Workplace()
        _ = try place.layout.addImage("signature") { $0.artifactType = BootImageMediaType(rawValue: "application/vnd.example.signature") }
        _ = try place.layout.addImage("a", reference: "kvm:1")
        #expect(try place.store.importLayout(place.layout.directory).count == 1)
    }

    @Test("clears what an interrupted import left, and keeps what was complete")
    func leftovers() throws {
        let place = try Workplace()
        _ = try place.layout.addImage("a")
        let imported = try place.store.importLayout(place.layout.directory)
        try Data([1]).write(to: URL(filePath: place.store.directory + "/incoming/half"))
        let reopened = try ImageRepository(directory: place.store.directory)
        #expect(try reopened.list() == imported.map(\.image))
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.store.directory + "/incoming") == [])
    }

    @Test("finds a blob that rotted or went, and an import repairs a truncated one")
    func verifies() throws {
        let place = try Workplace()
        let manifest = try place.layout.addImage("a")
        let digest = try #require(try place.store.importLayout(place.layout.directory).first).image.digest
        let root = try #require(manifest.root)
        let kernel = try #require(manifest.kernel)
        #expect(truncate(place.store.path(of: root.digest), 5) == 0)
        unlink(place.store.path(of: kernel.digest))
        let problems = try place.store.verify(digest)
        #expect(problems.contains(.blobMissing(kernel.digest)))
        #expect(problems.contains(.sizeMismatch(root.digest, expected: root.size, found: 5)))
        _ = try place.store.importLayout(place.layout.directory)
        #expect(try place.store.verify(digest) == [])
    }

    @Test("keeps an image in use, forgets another, and collects only what nobody names")
    func collects() throws {
        let place = try Workplace()
        let first = try place.layout.addImage("a")
        let second = try place.layout.addImage("b")
        let images = try place.store.importLayout(place.layout.directory).map(\.image.digest)
        #expect(throws: ImageStoreError.imageInUse(images[0])) { try place.store.remove(images[0]) { _ in true } }
        try place.store.remove(images[0]) { $0 == images[1] }
        #expect(throws: ImageStoreError.noSuchImage(images[0])) { try place.store.image(images[0]) }
        #expect(throws: ImageStoreError.noSuchImage(images[0])) { try place.store.remove(images[0]) { _ in false } }
        let root = try #require(first.root)
        // A host that is fetching the old root gets its end.
        let kept = try place.store.collect(keeping: [root.digest])
        #expect(kept.blobs == 4)
        #expect(access(place.store.path(of: root.digest), F_OK) == 0)
        #expect(try place.store.collect().size == root.size)
        #expect(try place.store.verify(images[1]) == [])
        for blob in second.blobs { #expect(access(place.store.path(of: blob.digest), F_OK) == 0) }
    }
}
