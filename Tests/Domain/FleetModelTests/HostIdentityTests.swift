import FleetModel
import Primitives
import Testing

@Suite("Who sent these claims: the conflict rule")
struct HostIdentityTests {
    /// A site that knows two hosts: a (NIC 1, UUID a) and b (NIC 2, no UUID yet).
    struct Site: ClaimIndex {
        static let a = HostID(unchecked: "aaaaaaaaaaaaaaaa")
        static let b = HostID(unchecked: "bbbbbbbbbbbbbbbb")
        static let d = HostID(unchecked: "dddddddddddddddd")
        static let uuidA = UniversalUniqueIdentifier(high: 1, low: 10)
        static let uuidD = UniversalUniqueIdentifier(high: 1, low: 40)
        static let uuidNew = UniversalUniqueIdentifier(high: 1, low: 99)
        var running: Set<HostID> = []
        var known: [HostID: HostClaims] = [
            a: HostClaims(uuid: uuidA, hardwareAddresses: [HardwareAddress(value: 1)]),
            b: HostClaims(hardwareAddresses: [HardwareAddress(value: 2)]),
            d: HostClaims(uuid: uuidD, hardwareAddresses: [HardwareAddress(value: 4)]),
        ]
        func host(hardwareAddress: HardwareAddress) -> HostID? { known.first { $0.value.hardwareAddresses.contains(hardwareAddress) }?.key }
        func host(uuid: UniversalUniqueIdentifier) -> HostID? { known.first { $0.value.uuid == uuid }?.key }
        func claims(of host: HostID) -> HostClaims? { known[host] }
        func isRunning(_ host: HostID) -> Bool { running.contains(host) }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var uuid: UniversalUniqueIdentifier?
        var nic: UInt64
        var running: Set<HostID> = []
        var expected: HostIdentity
    }

    static let rows: [Row] = [
        Row(testDescription: "both claims agree", uuid: Site.uuidA, nic: 1, expected: .known(Site.a)),
        Row(
            testDescription: "both agree while it runs: it restarted", uuid: Site.uuidA, nic: 1, running: [Site.a], expected: .known(Site.a)
        ),
        Row(testDescription: "no UUID, a known NIC", uuid: nil, nic: 1, expected: .known(Site.a)),
        Row(
            testDescription: "an unset UUID counts as none", uuid: UniversalUniqueIdentifier(high: 0, low: 0), nic: 1,
            expected: .known(Site.a)),
        Row(
            testDescription: "a vendor's default UUID counts as none",
            uuid: UniversalUniqueIdentifier("03000200-0400-0500-0006-000700080009"), nic: 9,
            expected: .new(usesUUID: false)),
        Row(testDescription: "no UUID, an unknown NIC", uuid: nil, nic: 9, expected: .new(usesUUID: false)),
        Row(testDescription: "a new UUID, an unknown NIC", uuid: Site.uuidNew, nic: 9, expected: .new(usesUUID: true)),
        Row(testDescription: "a known UUID with a new NIC", uuid: Site.uuidA, nic: 9, expected: .learned(Site.a, .newNIC)),
        Row(
            testDescription: "the same while that host runs: a duplicate UUID", uuid: Site.uuidA, nic: 9, running: [Site.a],
            expected: .new(usesUUID: false)),
        Row(testDescription: "a NIC that moved to another known board", uuid: Site.uuidD, nic: 1, expected: .learned(Site.d, .movedNIC)),
        Row(
            testDescription: "the same while that board runs: the NIC decides", uuid: Site.uuidD, nic: 1, running: [Site.d],
            expected: .known(Site.a)),
        Row(testDescription: "a known NIC on a new board", uuid: Site.uuidNew, nic: 1, expected: .learned(Site.a, .swappedBoard)),
        Row(testDescription: "a known NIC that had no UUID yet", uuid: Site.uuidNew, nic: 2, expected: .learned(Site.b, .learnedUUID)),
    ]

    @Test("each combination of claims has one answer", arguments: rows)
    func rule(row: Row) {
        let index = Site(running: row.running)
        #expect(HostIdentity.resolve(uuid: row.uuid, hardwareAddress: HardwareAddress(value: row.nic), in: index) == row.expected)
    }

    @Test(
        "UUIDs that vendors leave on whole series tell no host apart",
        arguments: [
            ("03000200-0400-0500-0006-000700080009", false), ("12345678-1234-5678-90AB-CDDEEFAABBCC", false),
            ("00000000-0000-0000-0000-000000000000", false), ("ffffffff-ffff-ffff-ffff-ffffffffffff", false),
            ("fefefefe-fefe-fefe-fefe-fefefefefefe", false), ("11223344-5566-7788-99aa-bbccddeeff00", true),
        ])
    func vendorDefaults(text: String, distinguishes: Bool) throws {
        let uuid = try #require(UniversalUniqueIdentifier(text))
        #expect((HostClaims(uuid: uuid).distinguishingUUID != nil) == distinguishes)
    }
}
