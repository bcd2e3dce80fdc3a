import FleetModel
import Foundation
import OperatorClient
import OperatorTypes
import Primitives
import Testing
import VirtualRack

@Suite("A host whose image is not as it should be", .serialized, .enabled(if: BootEnvironment.canBoot, "needs BENNU_IMAGE, root and /dev/net/tun"))
struct RefusalTests {
    @Test("waits for a missing one, refuses a damaged one by its digest, and goes on when it is repaired", .timeLimit(.minutes(15)))
    func missingThenDamaged() async throws {
        try await Site.with("damaged") { site in
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            try await site.wait(untilScreenOf: "h1", shows: "this host waits: image-missing")
            let told = try await site.wait(forEvent: "image-missing", of: "h1")
            #expect(told.detail.contains("kvm:latest"))

            try await site.importImage(byCopy: true)
            let root = try await site.images().first?.blobs.first { $0.role == "root" }.unwrapped("root blob")
            let digest = try root.unwrapped("image").digest
            try site.flip(digest)
            let verdict = try await site.client.post("/v1/images/kvm:latest/verify", body: "", answer: ImageVerification.self)
            #expect(verdict.faults.count == 1, "only the root blob was damaged")

            try await site.wait(untilScreenOf: "h1", shows: "root-refused: the image has digest")
            let refused = try await site.wait(forEvent: "root-refused", of: "h1")
            #expect(refused.detail.contains("expected \(digest)"))
            let names = try await site.timeline(of: "h1").map(\.name)
            #expect(!names.contains("root-verified") && !names.contains("switching-root"))

            try site.flip(digest)
            try await site.wait(forEvent: "switching-root", of: "h1")
            try await expectStory(["root-refused", "root-fetched", "root-verified", "switching-root"], site)
        }
    }
}

extension Site {
    /// Inverts a hundred bytes in the middle of a blob in the servers' store; the second time it is whole again.
    func flip(_ digest: Digest) throws {
        let file = try FileHandle(forUpdating: URL(filePath: "\(data)/images/blobs/sha256/\(digest.hexadecimal)"))
        defer { try? file.close() }
        let middle = try file.seekToEnd() / 2
        try file.seek(toOffset: middle)
        let bytes = try file.read(upToCount: 100) ?? Data()
        try file.seek(toOffset: middle)
        try file.write(contentsOf: Data(bytes.map { ~$0 }))
    }
}
