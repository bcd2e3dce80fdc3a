import AddressPlan
import Fleet
import FleetModel
import Foundation
import Primitives
import Synchronization

/// A directory of real files, and what the boot server told it.
final class TestSite: BootDirectory {
    let folder: URL
    private struct State {
        var blobs: [Digest: PublishedBlob] = [:]
        var bootFiles: [String: PublishedBlob] = [:]
        var decision = BootDecision.wait(.noImageAssigned, message: "assign one with bennu host assign")
        var download = DownloadDecision.go
        var steps: [DownloadStep] = []
        var asked: [IPv4Address?] = []
        var abandoned: [BootID] = []
        var sightings: [Sighting] = []
        var events: [BootEvent] = []
        var waiting: [(String, CheckedContinuation<BootEvent, Never>)] = []
    }
    private let state = Mutex(State())

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bennu-boot-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    static let host = HostID(unchecked: "abcdefghijklmnop")
    static let boot = BootID(unchecked: "bcdefghijklmnopq")
    static let address = HardwareAddress(value: 0x5254_0012_3456)

    /// `count` bytes that differ from place to place.
    static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    /// Digests here are names only: the server trusts the store.
    static func digest(_ seed: UInt8) -> Digest { Digest("sha256:" + String(repeating: Hexadecimal.encode([seed]), count: 32))! }

    @discardableResult
    func publish(_ seed: UInt8, _ bytes: [UInt8], role: String = "kernel", as name: String? = nil) throws -> PublishedBlob {
        let file = folder.appending(path: "blob-\(seed)")
        try Data(bytes).write(to: file)
        let blob = PublishedBlob(digest: Self.digest(seed), path: file.path, size: Int64(bytes.count), role: role)
        state.withLock {
            $0.blobs[blob.digest] = blob
            if let name { $0.bootFiles[name] = blob }
        }
        return blob
    }

    func decide(_ decision: BootDecision) { state.withLock { $0.decision = decision } }
    var sightings: [Sighting] { state.withLock { $0.sightings } }
    var events: [BootEvent] { state.withLock { $0.events } }

    /// The first event of that name, now or when it comes.
    func event(_ name: String) async -> BootEvent {
        await withCheckedContinuation { continuation in
            let found = state.withLock { state -> BootEvent? in
                if let event = state.events.first(where: { $0.name == name }) { return event }
                state.waiting.append((name, continuation))
                return nil
            }
            if let found { continuation.resume(returning: found) }
        }
    }

    var subnets: SubnetTable { SubnetTable(generation: 0, subnets: []) }

    func sight(_ sighting: Sighting) -> SightedHost { SightedHost(host: Self.host, boot: Self.boot, name: nil) }

    func decideBoot(of sighting: Sighting) -> BootDecision {
        state.withLock {
            $0.sightings.append(sighting)
            return $0.decision
        }
    }

    func decide(_ decision: DownloadDecision) { state.withLock { $0.download = decision } }
    /// What was told of downloads, without those that only went on.
    var steps: [DownloadStep] { state.withLock { $0.steps } }
    /// Where roots were asked for from.
    var asked: [IPv4Address?] { state.withLock { $0.asked } }
    var abandoned: [BootID] { state.withLock { $0.abandoned } }

    func decideDownload(of root: Digest, by boot: BootID, at address: IPv4Address?) -> DownloadDecision {
        state.withLock {
            $0.asked.append(address)
            return $0.download
        }
    }

    func download(_ step: DownloadStep, of blob: Digest, by boot: BootID, at address: IPv4Address?) {
        if step != .progressed { state.withLock { $0.steps.append(step) } }
    }

    func abandonDownload(by boot: BootID) { state.withLock { $0.abandoned.append(boot) } }

    func blob(_ digest: Digest) -> PublishedBlob? { state.withLock { $0.blobs[digest] } }
    func bootFile(_ name: String) -> PublishedBlob? { state.withLock { $0.bootFiles[name] } }

    func record(_ event: BootEvent) {
        let ready = state.withLock { state in
            state.events.append(event)
            let ready = state.waiting.filter { $0.0 == event.name }
            state.waiting.removeAll { $0.0 == event.name }
            return ready
        }
        for (_, continuation) in ready { continuation.resume(returning: event) }
    }
}
