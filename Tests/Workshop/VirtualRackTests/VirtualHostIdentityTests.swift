import Primitives
import Testing

@testable import VirtualRack

struct VirtualHostIdentityTests {
    @Test("Addresses and UUIDs are the same in every run: hosts that were registered once stay known")
    func golden() {
        #expect(VirtualHostIdentity.hardwareAddress(rack: .standard, host: 1, interface: 0).description == "52:54:00:b8:01:00")
        #expect(VirtualHostIdentity.uuid(rack: .standard, host: 1).description == "7fb27cdb-02a4-830e-b820-ae34693d7fa2")
    }

    @Test("No two cards of a rack share an address, nor two hosts a UUID")
    func distinct() {
        let hosts = 0...200
        let addresses = hosts.flatMap { host in
            (0..<8).map { VirtualHostIdentity.hardwareAddress(rack: .standard, host: host, interface: $0) }
        }
        #expect(Set(addresses).count == 201 * 8)
        #expect(addresses.allSatisfy { !$0.isGroup })
        #expect(Set(hosts.map { VirtualHostIdentity.uuid(rack: .standard, host: $0) }).count == 201)
    }

    @Test("A given UUID is used, the others are derived")
    func given() {
        var plan = RackPlan()
        plan.hosts = 2
        plan.uuids = [UniversalUniqueIdentifier(high: 7, low: 8)]
        let record = RackRecord(plan, accelerator: .tcg, bootIdentifier: "")
        #expect(record.hosts.map(\.uuid) == [plan.uuids[0], VirtualHostIdentity.uuid(rack: .standard, host: 2)])
    }
}
