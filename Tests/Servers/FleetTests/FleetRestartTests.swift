import Documents
import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import OperatorTypes
import Store
import TestSupport
import Testing

@Suite("A server that starts again knows what the one before it knew")
struct FleetRestartTests {
    @Test("hosts, boots, references, placements and documents are as before; credentials still speak")
    func restart() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let before = try await TestSite(SiteText.all(SiteText.site(), SiteText.guest("web", on: "h1")), store: store, directory: directory)
        try await before.addImage()
        let grant = try await before.start(1)
        before.powerOn(9)
        let record = try #require(before.record(1))
        await before.fleet.take(before.status(of: 1, revision: 1, guests: [GuestStatus(name: "web", state: "running")]), from: record)
        await before.fleet.save()
        let old = before.fleet.snapshot
        try before.close()

        let after = try await TestSite(store: store, directory: directory)
        let new = after.fleet.snapshot
        #expect(new.hosts == old.hosts && new.hosts.count == 3)
        #expect(new.documents.sorted.map(\.source) == old.documents.sorted.map(\.source))
        #expect(new.revision == old.revision && new.references == old.references && new.placements == old.placements)
        #expect(new.images == old.images && new.published == old.published && new.seal == old.seal)
        #expect(new.unsaved.isEmpty)
        #expect(try after.fleet.authorize(grant.credential, boot: grant.boot).id == record.id)
    }

    @Test("a claim is durable before it is answered, and the answer is the same after a crash")
    func claimIsDurable() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let before = try await TestSite(SiteText.site(), store: store, directory: directory)
        before.powerOn(1)
        let claim = before.claim(1)
        let grant = try await before.fleet.claim(claim)
        try before.close()
        let after = try await TestSite(store: store, directory: directory)
        #expect(try await after.fleet.claim(claim) == grant)
    }

    @Test("a claim that cannot be written is refused, and granted when it can be")
    func claimNotDurable() async throws {
        let store = FailingStore(after: 1000)
        let site = try await TestSite(SiteText.site(), store: store)
        site.powerOn(1)
        let claim = site.claim(1)
        store.allow(0)
        let problem = await #expect(throws: APIProblem.self) { try await site.fleet.claim(claim) }
        #expect(problem?.code == "not-durable")
        store.allow(1000)
        #expect(try await site.fleet.claim(claim).boot == claim.boot)
    }

    @Test("of two writers at once neither puts an older record over a newer one")
    func writersAtOnce() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let site = try await TestSite(SiteText.site(hosts: 8), store: store, directory: directory)
        for number in 1...8 { site.powerOn(number) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...8 {
                group.addTask { _ = try await site.fleet.claim(site.claim(number)) }
                group.addTask { await site.fleet.save() }
            }
            try await group.waitForAll()
        }
        let old = site.fleet.snapshot.hosts
        try site.close()
        let again = try await TestSite(store: store, directory: directory)
        #expect(again.fleet.snapshot.hosts == old)
        #expect(again.fleet.snapshot.hosts.values.allSatisfy { $0.boot?.nonce != nil })
    }

    @Test("what cannot be saved is kept for the next time")
    func saveLater() async throws {
        let store = FailingStore(after: 1000)
        let site = try await TestSite(store: store)
        site.powerOn(1)
        store.allow(0)
        await site.fleet.save()
        #expect(site.fleet.snapshot.unsaved.count == 1)
        store.allow(1000)
        await site.fleet.save()
        #expect(site.fleet.snapshot.unsaved.isEmpty)
        #expect(try await store.readAll(.under("hosts")).entries.count == 1)
    }

    @Test("an entry that this version cannot read keeps the server from starting, and is named")
    func unreadable() async throws {
        let store = MemoryStore()
        _ = try await store.commit(Transaction.create("hosts/h-aaaaaaaaaaaaaaaa", Array("{}".utf8)))
        let error = await #expect(throws: (any Error).self) { try await TestSite(store: store) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("hosts/h-aaaaaaaaaaaaaaaa"))
    }
}
