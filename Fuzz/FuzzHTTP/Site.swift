import AddressPlan
import BootServer
import Fleet
import FleetModel
import Foundation
import Primitives
import Synchronization

/// A site of few files: an empty one, a small and a large one, one that was cut, and one that is lost.
final class Site: BootDirectory {
    static let largest = 300_000
    private static let boot = BootID(unchecked: "b-bbbbbbbbbbbbbbbb")
    private static let address = HardwareAddress(value: 0x5254_0012_3456)
    private let blobs: [PublishedBlob]
    private let dice = Mutex(0)

    init() throws {
        // Nobody clears up behind libFuzzer; the same files serve every run.
        let folder = FileManager.default.temporaryDirectory.appending(path: "bennu-fuzz-http")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let roles = ["seal", "kernel", "root", "initrd", "initrd"]
        blobs = try [0, 5, Self.largest, 7, 7].enumerated().map { index, size in
            let file = folder.appending(path: "\(index)")
            if index < 4 { try Data(repeating: UInt8(ascii: "z"), count: index == 3 ? 3 : size).write(to: file, options: .atomic) }
            return PublishedBlob(digest: Self.digest(index), path: file.path(), size: Int64(size), role: roles[index])
        }
    }

    /// `sha256:000000…` to `sha256:040404…`
    private static func digest(_ number: Int) -> Digest { Digest("sha256:" + String(repeating: "0\(number)", count: 32))! }

    func decide(by dice: Int) { self.dice.withLock { $0 = dice } }

    var subnets: SubnetTable { SubnetTable(generation: 0, subnets: []) }
    func sight(_ sighting: Sighting) -> SightedHost { SightedHost(host: nil, boot: Self.boot, name: nil) }

    func decideBoot(of sighting: Sighting) -> BootDecision {
        let host = HostID(unchecked: "abcdefghijklmnop")
        switch dice.withLock({ $0 & 3 }) {
        case 0: return .wait(.noImageAssigned, message: "assign one")
        case 1: return .queue(QueuePlace(need: .kernel, seconds: 3, before: 2), seconds: 10)
        case let other:
            return .boot(
                BootPlan(
                    host: host, boot: Self.boot, name: "h1", imageReference: "kvm:1", image: Self.digest(1), kernel: Self.digest(1),
                    initrds: [Self.digest(2), Self.digest(0)], root: other == 2 ? Self.digest(2) : nil, arguments: ["quiet"]))
        }
    }

    func decideDownload(of root: Digest, by boot: BootID, at address: IPv4Address?) -> DownloadDecision {
        dice.withLock { $0 & 4 } == 0 ? .go : .queue(QueuePlace(need: .root, seconds: 3, before: 2), seconds: 10)
    }

    func blob(_ digest: Digest) -> PublishedBlob? { blobs.first { $0.digest == digest } }
    func bootFile(_ name: String) -> PublishedBlob? { ["undionly.kpxe": blobs[1], "snponly.efi": blobs[2], "arm64-uefi/ipxe.efi": blobs[4]][name] }
    func download(_ step: DownloadStep, of blob: Digest, by boot: BootID, at address: IPv4Address?) {}
    func abandonDownload(by boot: BootID) {}
    func record(_ event: BootEvent) {}
}
