package import Fleet
package import FleetModel
package import HostContract
import ImageStore
import Journal
import Logging
package import OperatorTypes
package import Primitives
package import Store
package import TestSupport

/// A whole fleet in a directory of its own, with hosts that boot when a test says so.
package final class TestSite: Sendable {
    package let directory: TemporaryDirectory
    package let store: any Store
    package let clock: TestClock
    package let fleet: Fleet
    private let journal: Journal

    /// - Parameters:
    ///   - documents: applied at once; must be without mistakes.
    ///   - directory: of a former site, to start again on what it left.
    package init(
        _ documents: String = "", store: any Store = MemoryStore(), directory: TemporaryDirectory? = nil, clock: TestClock = TestClock()
    ) async throws {
        let directory = try directory ?? TemporaryDirectory()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        (self.directory, self.store, self.clock) = (directory, store, clock)
        journal = try Journal(directory: directory.path, logger: logger)
        fleet = try await Fleet(
            siteName: "lab", site: try SiteKey.load(orCreateAt: directory.path + "/site.key"), store: store, journal: journal,
            images: try ImageRepository(directory: directory.path + "/images"), logger: logger, now: { clock.now }, uptime: { clock.now })
        if !documents.isEmpty { try await apply(documents) }
    }

    /// Closes the journal; another site may open the directory.
    package func close() throws { try journal.close() }

    @discardableResult
    package func apply(_ text: String) async throws -> ApplyResult {
        let result = try await fleet.apply(ApplyRequest(files: [.init(path: "site.yaml", text: text)], dryRun: false))
        if let mistake = result.mistakes.first { throw APIProblem(code: "mistake", message: "\(mistake)") }
        return result
    }

    /// Brings in an image of a few bytes.
    package func addImage(
        _ reference: String = "kvm:1", seed: String = "1", emulator: String = "1:10.0.13+ds-0+deb13u1", machineTypes: [String]? = nil
    ) async throws {
        let layout = try ImageLayout(
            in: directory.path + "/layout-\(seed)", seed: seed, reference: reference, emulator: emulator, machineTypes: machineTypes)
        _ = try await fleet.importImage(ImageImport(path: layout.directory, references: []))
    }

    package static func hardwareAddress(_ number: Int) -> HardwareAddress { HardwareAddress(value: 0x5254_0000_0000 + UInt64(number)) }

    /// Firmware, iPXE and the boot script of one host, as the boot servers tell of them.
    @discardableResult
    package func powerOn(_ number: Int, uuid: UniversalUniqueIdentifier? = nil) -> BootDecision {
        let hardware = Self.hardwareAddress(number)
        _ = fleet.sight(Sighting(stage: .firmware, hardwareAddress: hardware, uuid: uuid, firmware: "x64-uefi", isFirstMessage: true))
        _ = fleet.sight(Sighting(stage: .loader, hardwareAddress: hardware, uuid: uuid, isFirstMessage: true))
        return fleet.decideBoot(of: Sighting(stage: .script, hardwareAddress: hardware, uuid: uuid))
    }

    package func record(_ number: Int) -> HostRecord? { fleet.snapshot.host(named: "\(Self.hardwareAddress(number))") }

    package func claim(_ number: Int, nonce: Character = "a", boot: BootID? = nil) -> BootClaim {
        BootClaim(
            boot: (boot ?? record(number)?.boot?.id)?.description ?? "", uuid: nil, macs: [Self.hardwareAddress(number)],
            nonce: String(repeating: nonce, count: 32))
    }

    /// Powers a host on and claims its boot.
    package func start(_ number: Int, nonce: Character = "a") async throws -> ClaimGrant {
        powerOn(number)
        return try await fleet.claim(claim(number, nonce: nonce))
    }

    /// What an agent would report that has everything in force.
    package func status(of number: Int, revision: UInt64, guests: [GuestStatus] = [], operational: Bool = true) -> StatusReport {
        let hashes = record(number).flatMap { try? fleet.snapshot.assignment(of: $0).get() }.map { ConfigurationHashes($0) }
        return StatusReport(
            revision: revision, bootHash: hashes?.boot, liveHash: hashes?.live, items: [], guests: guests, operational: operational,
            agentVersion: "test", uptime: 1)
    }
}
