import Fleet
import FleetModel
import HostContract
import OperatorTypes
import Primitives
import Testing

/// The names stand in the timeline of `h1` in this order, with others between.
func expectStory(_ names: [String], _ site: Site, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let told = try await site.timeline(of: "h1").map(\.name)
    var rest = told[...]
    for name in names {
        guard let index = rest.firstIndex(of: name) else {
            Issue.record("\(name) is missing, or not after what precedes it, in \(told)", sourceLocation: sourceLocation)
            return
        }
        rest = rest[(index + 1)...]
    }
}

/// Firmware, iPXE, initrd and system all had the same address, and no lease beside it was ever made.
func expectOneLease(_ host: HostDetail, _ site: Site, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let addresses = Set(try await site.timeline(of: "h1").filter { $0.name == "ack-sent" }.compactMap { $0.attributes["address"] })
    #expect(addresses == [host.record.boot?.address?.description ?? "none"], sourceLocation: sourceLocation)
    let counters = try await site.status().counters["dhcp"]
    #expect(counters?["leases"] == 1, sourceLocation: sourceLocation)
}

/// Every item of the settings is reported, and in force; what runs is what should run.
func expectEverythingInForce(_ host: HostDetail, sourceLocation: SourceLocation = #_sourceLocation) {
    let status = host.record.boot?.status
    let items = status?.items ?? []
    #expect(items.filter { $0.state == .failed } == [], sourceLocation: sourceLocation)
    let settings = host.settings
    var wanted: Set<String> = []
    wanted.formUnion(settings?.hostName.map { ["host-name/\($0)"] } ?? [])
    wanted.formUnion(settings?.bridges.map { "\($0.key)" } ?? [])
    wanted.formUnion(settings?.files.map { "\($0.key)" } ?? [])
    wanted.formUnion(settings?.sysctls.map { "\($0.key)" } ?? [])
    wanted.formUnion(settings?.networks.map { "\($0.key)" } ?? [])
    wanted.formUnion(settings?.storagePools.map { "\($0.key)" } ?? [])
    wanted.formUnion(settings?.authorizedKeys.map { "\($0.key)" } ?? [])
    wanted.formUnion(settings?.guests.map { "\($0.key)" } ?? [])
    #expect(wanted.count >= 7, "settings of the demo's profile", sourceLocation: sourceLocation)
    #expect(wanted.subtracting(items.map { "\($0.item)" }) == [], sourceLocation: sourceLocation)
    #expect(status?.guests.allSatisfy { $0.state == "running" } == true, sourceLocation: sourceLocation)
    #expect(status?.guests.count == settings?.guests.count, sourceLocation: sourceLocation)
    #expect(status?.bootHash == host.assignment?.bootHash, sourceLocation: sourceLocation)
    #expect(status?.liveHash == host.assignment?.liveHash, sourceLocation: sourceLocation)
    #expect(!host.summary.drift, sourceLocation: sourceLocation)
}

/// The host goes by the identity that its host id gives it, whatever its firmware says.
func expectIdentity(_ host: HostDetail, _ answers: [String: String], sourceLocation: SourceLocation = #_sourceLocation) {
    let machine = host.record.id.machineID
    #expect(answers["machine-id"] == machine, sourceLocation: sourceLocation)
    let uuid = Hexadecimal.decode(machine.utf8).flatMap { UniversalUniqueIdentifier(bytes: $0) }
    #expect(answers["libvirt-host"] == uuid?.description, sourceLocation: sourceLocation)
    #expect(answers["host-name"] == host.summary.name, sourceLocation: sourceLocation)
}
