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

@Suite("Documents come in force all together, durably, or not at all")
struct FleetDocumentTests {
    private func request(_ text: String, dryRun: Bool = false) -> ApplyRequest {
        ApplyRequest(files: [.init(path: "site.yaml", text: text)], dryRun: dryRun)
    }

    @Test("what applying did is told document by document, and only a change is a revision")
    func changes() async throws {
        let site = try await TestSite()
        let first = try await site.apply(SiteText.site())
        #expect(first.revision == 1 && Set(first.changes.map(\.kind)) == [.created])
        #expect(first.changes.map(\.document) == ["Subnet/rack", "Profile/base", "Host/h1", "Host/h2"])
        let again = try await site.apply(SiteText.site())
        #expect(again.revision == 1 && Set(again.changes.map(\.kind)) == [.unchanged])
        let changed = try await site.apply(SiteText.host(2, "hostName: other"))
        #expect(changed.revision == 2 && changed.changes == [.init(kind: .changed, document: "Host/h2")])
        let dry = try await site.fleet.apply(request(SiteText.host(3), dryRun: true))
        #expect(dry.revision == 2 && dry.changes == [.init(kind: .created, document: "Host/h3")])
        #expect(site.fleet.documentList().map(\.name) == ["rack", "base", "h1", "h2"])
    }

    static let mistakes = [
        ("not YAML", "a: [", 1), ("an unknown kind", "apiVersion: bennu/v1\nkind: Thing\nmetadata: {name: x}\nspec: {}\n", 1),
        ("a profile that is not there", SiteText.host(9, "profiles: [none]"), 1),
        ("a NIC that another document has", SiteText.host(1).replacing("name: h1", with: "name: h9"), 1),
        ("two of them in two documents", SiteText.all(SiteText.host(8, "profiles: [none]"), SiteText.host(9, "profiles: [none]")), 2),
    ]

    @Test("with a mistake nothing changes: not memory, not the store", arguments: mistakes)
    func mistake(name: String, text: String, count: Int) async throws {
        let site = try await TestSite(SiteText.site())
        let before = site.fleet.snapshot
        let revision = try await site.store.currentRevision()
        let result = try await site.fleet.apply(request(text))
        #expect(result.mistakes.count == count, "\(result.mistakes)")
        #expect(result.changes.isEmpty && result.revision == 1)
        #expect(result.mistakes.allSatisfy { $0.file == "site.yaml" && $0.line > 0 && !$0.message.isEmpty })
        #expect(site.fleet.snapshot.documents == before.documents && site.fleet.snapshot.hosts == before.hosts)
        #expect(try await site.store.currentRevision() == revision)
    }

    @Test("guests that keep their host from a method are noted each time they are applied, dry or not, and never beside mistakes")
    func notes() async throws {
        let site = try await TestSite(SiteText.site())
        let guest = """
            apiVersion: bennu/v1
            kind: Guest
            metadata: {name: db}
            spec:
              host: h1
              xml: <domain type='kvm'><devices><hostdev mode='subsystem'/></devices></domain>

            """
        let message =
            "guest db has a device of the host: it can be neither kept nor saved while the kernel changes, "
            + "so `warm` and `save` are not possible on its host"
        let note = ApplyResult.Note(file: "site.yaml", line: 6, path: "spec.xml", message: message)
        #expect(try await site.fleet.apply(request(guest, dryRun: true)).notes == [note])
        #expect(try await site.apply(guest).notes == [note])
        let again = try await site.apply(guest)
        #expect(again.notes == [note] && again.changes.map(\.kind) == [.unchanged])
        #expect(try await site.apply(SiteText.host(1)).notes == [])
        let wrong = try await site.fleet.apply(request(guest.replacing("host: h1", with: "host: nobody")))
        #expect(wrong.mistakes.count == 1 && wrong.notes == nil)
    }

    @Test("1,500 documents come in force and are there after a restart, in memory and on disk", arguments: [true, false])
    func many(onDisk: Bool) async throws {
        let directory = try TemporaryDirectory()
        let open: () throws -> any Store = { try SQLiteStore(directory: directory.path + "/store") }
        let memory = MemoryStore()
        var store: any Store = onDisk ? try open() : memory
        let text = ([SiteText.profile] + (1...1500).map { Self.many($0) }).joined(separator: "---\n")
        let documents: DocumentSet
        do {
            let site = try await TestSite(text, store: store, directory: directory)
            documents = site.fleet.snapshot.documents
            #expect(site.fleet.snapshot.hosts.count == 1500)
            try site.close()
        }
        if onDisk {
            try (store as? SQLiteStore)?.close()
            store = try open()
        }
        let again = try await TestSite(store: store, directory: directory)
        #expect(again.fleet.snapshot.revision == 1)
        #expect(again.fleet.snapshot.documents.documents.count == 1501)
        #expect(
            Set(again.fleet.documentList())
                == Set(documents.sorted.map { DocumentSummary(kind: $0.kind.rawValue, name: $0.metadata.name, text: $0.source) }))
        #expect(again.fleet.snapshot.hosts.count == 1500)
    }

    private static func many(_ number: Int) -> String {
        let address = TestSite.hardwareAddress(number)
        return "apiVersion: bennu/v1\nkind: Host\nmetadata: {name: h\(number)}\nspec: {hardwareAddresses: ['\(address)'], profiles: [base]}\n"
    }

    @Test("a crash at any commit of an apply leaves the revision before it or the whole one after it")
    func crash() async throws {
        let guests = SiteText.all(SiteText.site(), SiteText.guest("web", on: "h1"))
        let moved = SiteText.guest("web", on: "h2")
        var reachedEnd = false
        for commits in 0..<20 {
            let store = FailingStore(after: 1000)
            let directory = try TemporaryDirectory()
            let site = try await TestSite(guests, store: store, directory: directory)
            store.allow(commits)
            let isAcknowledged = (try? await site.apply(moved)) != nil
            reachedEnd = reachedEnd || isAcknowledged
            try site.close()
            let after = try await TestSite(store: store.inner, directory: directory)
            let state = after.fleet.snapshot
            #expect([1, 2].contains(state.revision))
            if isAcknowledged { #expect(state.revision == 2) }
            #expect(state.documents.guests.map(\.host) == [state.revision == 2 ? "h2" : "h1"], "after \(commits) commits")
            // Whatever was left half done is finished: the placement is what the documents say, and the former host must let go.
            let placement = try #require(state.placements["web"])
            #expect(placement.host == state.host(named: state.revision == 2 ? "h2" : "h1")?.id)
            #expect((placement.awaiting == nil) == (state.revision == 1))
            if isAcknowledged { break }
        }
        #expect(reachedEnd)
    }

    @Test("documents that another process changed meanwhile are a conflict")
    func conflict() async throws {
        let (store, directory) = (MemoryStore(), try TemporaryDirectory())
        let first = try await TestSite(SiteText.site(), store: store, directory: directory)
        let second = try await TestSite(store: store)
        try await second.apply(SiteText.host(3))
        let problem = await #expect(throws: APIProblem.self) { try await first.apply(SiteText.host(4)) }
        #expect(problem?.code == "conflict")
        #expect(first.fleet.snapshot.documents.host("h4") == nil && first.fleet.snapshot.revision == 1)
    }

    @Test("many who apply at once all come in force, one after another")
    func concurrent() async throws {
        let site = try await TestSite(SiteText.profile)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...20 { group.addTask { try await site.apply(SiteText.host(number)) } }
            try await group.waitForAll()
        }
        #expect(site.fleet.snapshot.revision == 21)
        #expect(site.fleet.snapshot.documents.hosts.count == 20)
    }

    @Test("a document that others need stays; one that nobody needs goes")
    func remove() async throws {
        let site = try await TestSite(SiteText.site())
        let inUse = await #expect(throws: APIProblem.self) { try await site.fleet.removeDocument(kind: "Profile", name: "base") }
        #expect(inUse?.code == "in-use")
        let unknown = await #expect(throws: APIProblem.self) { try await site.fleet.removeDocument(kind: "Profile", name: "none") }
        #expect(unknown?.code == "unknown-document")
        let malformed = await #expect(throws: APIProblem.self) { try await site.fleet.removeDocument(kind: "Thing", name: "x y") }
        #expect(malformed?.code == "malformed-name")
        #expect(try await site.fleet.removeDocument(kind: "host", name: "h2").changes == [.init(kind: .removed, document: "Host/h2")])
        #expect(site.fleet.snapshot.documents.host("h2") == nil && site.fleet.snapshot.revision == 2)
    }
}
