import Fleet
import FleetFixtures
import FleetModel
import Foundation
import HashTreeCollections
import HostContract
import OperatorTypes
import Primitives
import TestSupport
import Testing

@Suite("The configuration that a running host is given", .timeLimit(.minutes(1)))
struct FleetConfigurationTests {
    private func running(_ documents: String = SiteText.site()) async throws -> (TestSite, HostRecord) {
        let site = try await TestSite(documents)
        try await site.addImage()
        _ = try await site.start(1)
        return (site, try #require(site.record(1)))
    }

    private func ask(_ site: TestSite, _ record: HostRecord, after: UInt64 = 0) async throws -> HostConfiguration? {
        guard let envelope = try await site.fleet.configuration(for: record, after: after, wait: .zero) else { return nil }
        let payload = try #require(Data(base64Encoded: envelope.payload))
        #expect(Data(base64Encoded: envelope.signature)?.count == 64)
        return try JSONDecoder().decode(HostConfiguration.self, from: payload)
    }

    @Test("it names site, host, boot, nonce and revision, and holds the merged settings")
    func content() async throws {
        let (site, record) = try await running(SiteText.all(SiteText.site(), SiteText.guest("web", on: "h1")))
        let configuration = try #require(try await ask(site, record))
        #expect(configuration.site == "lab" && configuration.host == record.id.description && configuration.revision == 1)
        #expect(configuration.boot == record.boot?.id.description && configuration.nonce == record.boot?.nonce)
        #expect(configuration.settings.hostName == "h1" && configuration.settings.kernelArguments == ["quiet"])
        #expect(configuration.settings.guests.map(\.placement) == [.init(host: record.id.description, generation: 1)])
    }

    @Test("a host that has it in force is told nothing until it changes")
    func inForce() async throws {
        let (site, record) = try await running()
        await site.fleet.take(site.status(of: 1, revision: 1), from: record)
        #expect(try await ask(site, record, after: 1) == nil)
        #expect(try await ask(site, record, after: 0) != nil, "one that has none is always told")
        try await site.apply(SiteText.host(2, "hostName: other"))
        #expect(try await ask(site, record, after: 1) == nil, "another host's change is none of its own")
        try await site.apply(SiteText.host(1, "profiles: [base]\n  hostName: new"))
        #expect(try await ask(site, record, after: 1)?.settings.hostName == "new")
    }

    @Test("what only a restart brings in force is drift, and no reason to tell it again")
    func restartOnly() async throws {
        let (site, record) = try await running()
        await site.fleet.take(site.status(of: 1, revision: 1), from: record)
        let old = site.status(of: 1, revision: 2)
        try await site.apply(SiteText.host(1, "profiles: [base]\n  kernelArguments: [nosmt]"))
        #expect(try await ask(site, record, after: 1) == nil)
        await site.fleet.take(old, from: record)
        #expect(try await ask(site, record, after: 2) == nil)
        #expect(site.fleet.hostList().first { $0.name == "h1" }?.drift == true)
    }

    @Test("a question that was waiting is answered by the change it waited for")
    func longPoll() async throws {
        let (site, record) = try await running()
        await site.fleet.take(site.status(of: 1, revision: 1), from: record)
        async let answer = site.fleet.configuration(for: record, after: 1, wait: .seconds(3600))
        try await site.apply(SiteText.host(1, "hostName: new\n  profiles: [base]"))
        #expect(try await answer != nil)
    }

    @Test("a question that was waiting when the host began another boot gets no configuration of that one")
    func superseded() async throws {
        let (site, record) = try await running()
        site.clock.advance(1000)
        _ = try await site.start(1, nonce: "b")
        #expect(try await ask(site, record) == nil)
        await site.fleet.take(site.status(of: 1, revision: 1), from: record)
        #expect(site.record(1)?.boot?.status == nil, "nor is its report the new boot's")
    }

    @Test("the other NICs of a host become its own, but for those of others, and those that are no hardware")
    func inventory() async throws {
        let (site, record) = try await running()
        site.powerOn(7)
        func nic(_ number: Int, _ driver: String?) -> Inventory.NetworkInterface {
            .init(name: "eno\(number)", hardwareAddress: mac(number), driver: driver, hasCarrier: true)
        }
        let inventory = Inventory(
            system: .init(uuid: board(1)), processor: .init(model: "A", count: 1, sockets: 1), memoryBytes: 1 << 30, memoryMap: [],
            interfaces: [nic(1, "e1000"), nic(5, "e1000"), nic(6, nil), nic(7, "e1000"), nic(0x0100_0000_0000, "e1000")], disks: [],
            firmware: .uefi, kernel: "6.12", hasKVM: true, hasTPM: false)
        site.fleet.take(inventory, from: record)
        site.fleet.take(inventory, from: record)
        #expect(site.record(1)?.claims == HostClaims(uuid: board(1), hardwareAddresses: [mac(1), mac(5)]))
        #expect(site.record(1)?.inventory == inventory)
    }
}
