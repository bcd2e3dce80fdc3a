import FleetModel
import HostContract
import OperatorTypes
import Primitives
import Testing
import VirtualRack

@Suite("Boots that take long", .serialized, .enabled(if: BootEnvironment.wantsLongTests, "needs BENNU_LONG_TESTS, and what boots need"))
struct LongBootTests {
    @Test("Four BIOS hosts that start at once all become operational, each with an address of its own", .timeLimit(.minutes(20)))
    func fourAtOnce() async throws {
        try await Site.with("four", hosts: 4, memoryMebibytes: 2048, processors: 1) { site in
            try await site.importImage()
            let names = (1...4).map { "h\($0)" }
            for name in names { try await site.expect(name) }
            try await site.rack.power(.on, "all")
            var addresses: Set<String> = []
            for name in names {
                let host = try await site.wait(until: .operational, name, within: .seconds(900))
                addresses.insert(host.record.boot?.address?.description ?? "none")
                expectEverythingInForce(host)
            }
            #expect(addresses.count == 4 && !addresses.contains("none"))
            #expect(try await site.status().counters["dhcp"]?["leases"] == 4)
        }
    }
}
