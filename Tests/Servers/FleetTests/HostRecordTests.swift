import Fleet
import FleetModel
import Foundation
import HostContract
import Primitives
import Testing

@Suite("A host's record as the store keeps it")
struct HostRecordTests {
    static func boot(_ letter: Character) -> BootRecord {
        var boot = BootRecord(
            id: BootID(unchecked: String(repeating: letter, count: 16)), kind: .kexec, predecessor: BootID(unchecked: "aaaaaaaaaaaaaaaa"),
            startedAt: -1)
        (boot.phase, boot.operationalAt, boot.image, boot.kernel) = (.operational, .max, StateFixture.digest(1, 0), StateFixture.digest(1, 1))
        (boot.kernelArguments, boot.nonce, boot.address) = (["quiet", "a=\"b\\\u{1}\"", "é"], "n\n", IPv4Address(10, 0, 0, 1))
        (boot.lastReport, boot.status) = (5, .test(revision: 1, operational: true))
        (boot.steps, boot.loadersSent, boot.queued) = ([.loaded, .rootVerified], 2, 3)
        return boot
    }

    /// With everything that a record can have.
    static func full() throws -> HostRecord {
        let claims = HostClaims(uuid: board(1), hardwareAddresses: [mac(1), mac(2)])
        var record = HostRecord(id: HostID(unchecked: "abcdefghijklmnop"), claims: claims, document: "h\"1", discoveredAt: 0, firmware: "x64\t\\")
        (record.boot, record.overtaken, record.inventory) = (boot("b"), boot("c"), KexecLearningTests.inventory)
        let image = AssignedImage(
            image: StateFixture.digest(2, 0), root: nil, kernel: StateFixture.digest(2, 1), kernelRelease: "6.12", kernelArguments: [])
        let (id, good) = (try #require(record.boot).id, GoodImage(image: image.image, kernelArguments: ["a"]))
        record.upgrade = UpgradeRecord(
            order: UpgradeOrder(id: "o-1", method: .warm, image: image, deadline: 60), boot: id, orderedAt: 1, guestsBefore: [])
        record.renewal = GuestRenewalRecord(order: GuestRenewal(id: "o-2", guest: "g"), boot: id, orderedAt: 2)
        (record.lastGood, record.trouble) = (good, ImageTrouble(image: image.image))
        record.ended = EndedBoot(boot: id, image: image.image, failure: .neverUp)
        record.standIn = StandIn(failed: image.image, good: good, since: 4)
        return record
    }

    /// Members that have no value.
    static func missing(_ value: Any) -> [String] {
        Mirror(reflecting: value).children.compactMap { child in
            let mirror = Mirror(reflecting: child.value)
            return mirror.displayStyle == .optional && mirror.children.isEmpty ? child.label : nil
        }
    }

    @Test("has what JSONEncoder writes, member by member")
    func members() throws {
        var record = try Self.full()
        let facts = try #require(Mirror(reflecting: record).descendant("shown", "some", "facts"))
        #expect(Self.missing(record) + Self.missing(facts) + Self.missing(try #require(record.boot)) == [])
        func object(_ bytes: some Sequence<UInt8>) throws -> NSObject {
            try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSObject)
        }
        for _ in 0..<2 {
            let bytes = try record.json
            #expect(try object(bytes) == object(try JSONEncoder().encode(record)))
            #expect(try JSONDecoder().decode(HostRecord.self, from: Data(bytes)) == record)
            // And with nothing that it can be without.
            record = HostRecord(id: record.id, claims: HostClaims(), discoveredAt: 7)
        }
    }
}
