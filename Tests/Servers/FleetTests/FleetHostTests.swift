import AddressPlan
import Documents
import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import OperatorTypes
import Primitives
import Store
import TestSupport
import Testing

@Suite("Accepting, changing and removing hosts")
struct FleetHostTests {
    @Test("accepting writes a document with the claims; the host is told of it at its next question")
    func accept() async throws {
        let site = try await TestSite(SiteText.profile)
        try await site.addImage()
        guard case .wait(.notAccepted, _) = site.powerOn(1, uuid: board(1)) else { return #expect(Bool(false)) }
        let detail = try await site.fleet.accept("\(mac(1))", HostEdit(name: "r1u1", profiles: ["base"]))
        #expect(detail.summary.name == "r1u1" && detail.obstacle == nil)
        #expect(site.fleet.snapshot.documents.host("r1u1")?.claims == HostClaims(uuid: board(1), hardwareAddresses: [mac(1)]))
        guard case .boot = site.powerOn(1, uuid: board(1)) else { return #expect(Bool(false)) }
        let names = try await site.fleet.timeline(of: "r1u1", boot: "all").events.map(\.name)
        #expect(names.contains("host-accepted"))
    }

    @Test(
        "what cannot be accepted is refused by name",
        arguments: [
            ("52:54:00:00:00:63", HostEdit(name: "x"), "unknown-host"), ("52:54:00:00:00:01", HostEdit(name: "x"), "taken"),
            ("52:54:00:00:00:09", HostEdit(name: "h2"), "taken"), ("52:54:00:00:00:09", HostEdit(), "malformed-name"),
            ("52:54:00:00:00:09", HostEdit(name: "Not A Name"), "invalid-host"),
            ("52:54:00:00:00:09", HostEdit(name: "x", image: "a:b:c"), "malformed-name"),
            ("52:54:00:00:00:09", HostEdit(name: "x", profiles: ["none"]), "invalid-host"),
            ("52:54:00:00:00:09", HostEdit(name: "x", address: IPv4Address(192, 0, 2, 1)), "invalid-host"),
        ])
    func refusals(host: String, edit: HostEdit, code: String) async throws {
        let site = try await TestSite(SiteText.site())
        site.powerOn(9)
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.accept(host, edit) }
        #expect(problem?.code == code, "\(problem?.message ?? "")")
        #expect(site.fleet.snapshot.revision == 1)
    }

    @Test("setting changes one field of the operator's own text, and leaves its comments")
    func edit() async throws {
        let site = try await TestSite(SiteText.site())
        let detail = try await site.fleet.edit("h1", HostEdit(image: "kvm:2", address: IPv4Address(10, 77, 0, 7)))
        #expect(detail.summary.image == "kvm:2")
        let text = try #require(site.fleet.documentList().first { $0.name == "h1" }?.text)
        #expect(text.contains("# Where it stands: rack 1.") && text.contains("profiles: [base]"))
        #expect(site.fleet.subnets.subnets.first?.reservations == [mac(1): IPv4Address(10, 77, 0, 7)])
        _ = try await site.fleet.edit("h1", HostEdit(profiles: []))
        #expect(site.fleet.snapshot.documents.host("h1")?.profiles == [])
    }

    @Test("a document in braces, which cannot be changed in place, is written anew and means the same")
    func editInBraces() async throws {
        let text = "apiVersion: bennu/v1\nkind: Host\nmetadata: {name: a, labels: {rack: b}}\nspec: {hardwareAddresses: ['52:54:00:00:00:01']}\n"
        let site = try await TestSite(text)
        _ = try await site.fleet.edit("a", HostEdit(image: "kvm:2"))
        let document = try #require(site.fleet.snapshot.documents[.host, "a"])
        #expect(document.metadata.labels == ["rack": "b"])
        #expect(document.spec == .host(HostSpec(hardwareAddresses: [mac(1)], image: ImageReference("kvm:2"))))
    }

    @Test("a host that is only discovered cannot be set; one with guests cannot be removed; one without is forgotten")
    func remove() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let site = try await TestSite(SiteText.all(SiteText.site(), SiteText.guest("web", on: "h1")), store: store, directory: directory)
        site.powerOn(9)
        let discovered = await #expect(throws: APIProblem.self) { try await site.fleet.edit("\(mac(9))", HostEdit(image: "kvm:1")) }
        #expect(discovered?.code == "host-not-accepted")
        let used = await #expect(throws: APIProblem.self) { try await site.fleet.removeHost("h1") }
        #expect(used?.code == "in-use")
        for name in ["h2", "\(mac(9))"] { try await site.fleet.removeHost(name) }
        #expect(site.fleet.hostList().map(\.name) == ["h1"])
        try site.close()
        let again = try await TestSite(store: store, directory: directory)
        #expect(again.fleet.hostList().map(\.name) == ["h1"])
    }

    @Test("removing the host that a guest is waited for from lets the guest start")
    func removeFormer() async throws {
        let site = try await TestSite(SiteText.all(SiteText.site(), SiteText.guest("web", on: "h1")))
        _ = try await site.apply(SiteText.guest("web", on: "h2"))
        #expect(site.fleet.snapshot.placements["web"]?.awaiting != nil)
        try await site.fleet.removeHost("h1")
        #expect(site.fleet.snapshot.placements["web"]?.awaiting == nil)
    }

    private static let accepting = SiteText.all(SiteText.subnet + "  acceptUnknown: {profiles: [base]}\n", SiteText.profile)

    private func give(_ address: IPv4Address, to number: Int, at site: TestSite) {
        let sighted = site.fleet.sight(Sighting(stage: .firmware, hardwareAddress: mac(number), uuid: board(UInt64(number)), isFirstMessage: true))
        site.fleet.record(
            BootEvent(
                host: sighted.host, boot: sighted.boot, time: 0, source: .dhcp, name: "ack-sent",
                attributes: ["address": address.description]))
    }

    /// Runs the fleet's background work until `condition` holds.
    private func run(_ site: TestSite, until condition: @escaping @Sendable () -> Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await site.fleet.run() }
            group.addTask {
                while !condition() {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    @Test("where a subnet accepts unknown hosts, each gets a document by itself", .timeLimit(.minutes(1)))
    func acceptUnknown() async throws {
        let site = try await TestSite(Self.accepting)
        for number in 1...40 { give(IPv4Address(10, 77, 0, UInt8(100 + number)), to: number, at: site) }
        give(IPv4Address(192, 0, 2, 1), to: 50, at: site)
        try await run(site) { site.fleet.snapshot.documents.hosts.count == 40 }
        let spec = try #require(site.fleet.snapshot.documents.host("host-000001"))
        #expect(spec == HostSpec(uuid: board(1), hardwareAddresses: [mac(1)], profiles: ["base"]))
        #expect(site.record(1)?.document == "host-000001")
        #expect(site.record(50)?.document == nil)
        let events = try await site.fleet.timeline(of: "host-000001", boot: nil).events
        #expect(events.map(\.name).suffix(1) == ["host-accepted"])
        #expect(events.last?.detail == "as host-000001, by Subnet rack")
    }

    /// Another DHCP server gave the address; all that is known is where the script was asked from.
    private func askForScript(_ number: Int, from address: String, at site: TestSite) {
        let sighted = site.fleet.sight(Sighting(stage: .script, hardwareAddress: mac(number), uuid: nil))
        site.fleet.record(
            BootEvent(host: sighted.host, boot: sighted.boot, time: 0, source: .script, name: "host-not-accepted", attributes: ["address": address]))
    }

    @Test("where another server gives the addresses, the one that a script was asked from counts, and elsewhere it does not", .timeLimit(.minutes(1)))
    func acceptBesideAnother() async throws {
        let external = """
            apiVersion: bennu/v1
            kind: Subnet
            metadata: {name: lab}
            spec: {prefix: 10.78.0.0/24, mode: external, acceptUnknown: {profiles: [base]}}

            """
        let site = try await TestSite(SiteText.all(Self.accepting, external))
        askForScript(1, from: "10.77.0.101", at: site)
        askForScript(2, from: "10.78.0.101", at: site)
        try await run(site) { site.record(2)?.document != nil }
        #expect(site.record(2)?.document == "host-000002" && site.record(1)?.document == nil)
    }

    @Test("a name that is taken makes the name longer", .timeLimit(.minutes(1)))
    func longName() async throws {
        let site = try await TestSite(SiteText.all(Self.accepting, SiteText.host(9).replacing("name: h9", with: "name: host-000001")))
        give(IPv4Address(10, 77, 0, 101), to: 1, at: site)
        try await run(site) { site.record(1)?.document != nil }
        #expect(site.record(1)?.document == "host-525400000001")
    }

    @Test("hosts that were seen before the subnet accepted them are accepted when it does", .timeLimit(.minutes(1)))
    func acceptLater() async throws {
        let site = try await TestSite(SiteText.all(SiteText.subnet, SiteText.profile))
        give(IPv4Address(10, 77, 0, 101), to: 1, at: site)
        try await site.apply(Self.accepting)
        try await run(site) { site.record(1)?.document != nil }
        #expect(site.record(1)?.document == "host-000001")
    }
}
