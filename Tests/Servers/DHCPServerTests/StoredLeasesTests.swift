import AddressPlan
import DHCPServer
import Primitives
import Store
import Synchronization
import TestSupport
import Testing

/// A store that answers its next commits with errors; `hasHappened` says whether the commit took place all the same.
private final class FailingStore: BlockingStore {
    let inner = MemoryStore()
    private let failures = Mutex<[(error: StoreError, hasHappened: Bool)]>([])

    func fail(_ error: StoreError, hasHappened: Bool) { failures.withLock { $0.append((error, hasHappened)) } }

    var identity: StoreIdentity { inner.identity }
    func currentRevision() async throws(StoreError) -> Revision { try await inner.currentRevision() }
    func commit(_ batch: [Transaction]) async throws(StoreError) -> [Outcome] { try commitBlocking(batch) }
    func get(_ key: Key) async throws(StoreError) -> Entry? { try await inner.get(key) }
    func read(_ prefix: KeyPrefix, at revision: Revision?, page: PageRequest) async throws(StoreError) -> Page {
        try await inner.read(prefix, at: revision, page: page)
    }
    func changes(_ prefix: KeyPrefix, after revision: Revision) -> ChangeSequence { inner.changes(prefix, after: revision) }

    func commitBlocking(_ batch: [Transaction]) throws(StoreError) -> [Outcome] {
        guard let failure = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return try inner.commitBlocking(batch) }
        if failure.hasHappened { _ = try inner.commitBlocking(batch) }
        throw failure.error
    }
}

@Suite struct StoredLeasesTests {
    private func lease(_ last: UInt8, nic number: UInt64 = 1, expires: Int64 = 100, state: Lease.State = .bound) -> Lease {
        Lease(
            address: IPv4Address(10, 0, 0, last), client: LeaseClient(hardwareAddress: nic(number), hostName: "a"), expires: expires,
            state: state)
    }

    @Test("Leases come back as they were stored, in the JSON that others read")
    func roundTrip() async throws {
        let store = MemoryStore()
        let leases = StoredLeases(store)
        #expect(leases.commit([LeaseChange([lease(9)]), LeaseChange([lease(10), lease(11, state: .released)])]) == [.durable, .durable])
        #expect(try await StoredLeases(store).load().leases == [lease(10), lease(11, state: .released), lease(9)])
        let entry = try #require(try await store.get("leases/10.0.0.9"))
        #expect(
            String(decoding: entry.value, as: UTF8.self)
                == #"{"address":"10.0.0.9","expires":100,"hardwareAddress":"52:54:00:00:00:01","hostName":"a","state":"bound"}"#)
    }

    @Test("Whatever a client calls itself is read back as it was")
    func awkwardText() throws {
        for name in [#"a"b\c"#, "tab\there", "\u{0}\u{1f}\u{7f}", "größer 😀", ""] {
            let client = LeaseClient(
                hardwareAddress: nic(1), uuid: UniversalUniqueIdentifier(high: 7, low: .max), clientIdentifier: name, hostName: name,
                circuit: RelayCircuit(circuit: name, remote: name))
            let awkward = Lease(address: IPv4Address(10, 0, 0, 9), client: client, expires: Lease.never, state: .bound)
            #expect(StoredLeases.decode(awkward.json) == awkward, "\(name.debugDescription)")
        }
        #expect(StoredLeases.decode(lease(9, expires: -5).json) == lease(9, expires: -5))
    }

    @Test("A lease is written over and over, after a restart too, and twice in one call")
    func again() async throws {
        let store = MemoryStore()
        let leases = StoredLeases(store)
        for expires in 1...3 as ClosedRange<Int64> { #expect(leases.commit([LeaseChange([lease(9, expires: expires)])]) == [.durable]) }
        let restarted = StoredLeases(store)
        _ = try await restarted.load()
        let changes = [4, 5].map { LeaseChange([lease(9, expires: $0)]) }
        #expect(restarted.commit(changes) == [.durable, .durable])
        #expect(try await StoredLeases(store).load().leases.map(\.expires) == [5])
    }

    @Test("More changes than one batch may hold are all made")
    func many() async throws {
        let store = MemoryStore()
        let changes = (1...200).map { LeaseChange([lease(UInt8($0), nic: UInt64($0))]) }
        #expect(StoredLeases(store).commit(changes).allSatisfy { $0 == .durable })
        #expect(try await StoredLeases(store).load().leases.count == 200)
    }

    @Test("A conflict keeps nothing from being made durable that came with it")
    func conflictAmongOthers() async throws {
        let store = MemoryStore()
        let (a, b) = (StoredLeases(store), StoredLeases(store))
        _ = a.commit([LeaseChange([lease(9)])])
        let changes = (8...40).map { LeaseChange([lease(UInt8($0), nic: 7)]) }
        let outcomes = b.commit(changes)
        #expect(outcomes.count == 33 && outcomes[1] == .conflict(IPv4Address(10, 0, 0, 9), current: lease(9)))
        #expect(outcomes.filter { $0 == .durable }.count == 32)
        let stored = try await StoredLeases(store).load().leases
        #expect(stored.count == 33 && stored.filter { $0.hardwareAddress == nic(7) }.count == 32)
    }

    @Test("A lease that somebody else wrote is a conflict once, and says what is there")
    func conflict() async throws {
        let store = MemoryStore()
        let (a, b) = (StoredLeases(store), StoredLeases(store))
        _ = a.commit([LeaseChange([lease(9)])])
        #expect(b.commit([LeaseChange([lease(9, nic: 2)])]) == [.conflict(IPv4Address(10, 0, 0, 9), current: lease(9))])
        #expect(b.commit([LeaseChange([lease(9, expires: 200)])]) == [.durable])
    }

    @Test("An outcome that was unknown is settled by committing again, whichever it was", arguments: [true, false])
    func unknown(hasHappened: Bool) throws {
        let store = FailingStore()
        let leases = StoredLeases(store)
        store.fail(.outcomeUnknown(detail: "cut off"), hasHappened: hasHappened)
        #expect(leases.commit([LeaseChange([lease(9)])]) == [.durable])
        #expect(leases.commit([LeaseChange([lease(9, expires: 200)])]) == [.durable])
    }

    @Test("A store that keeps failing is reported: unknown stays unknown, and what failed did not happen")
    func failing() async throws {
        let store = FailingStore()
        let leases = StoredLeases(store)
        for _ in 0..<2 { store.fail(.outcomeUnknown(detail: "cut off"), hasHappened: false) }
        #expect(leases.commit([LeaseChange([lease(9)])]) == [.unknown("cut off")])
        store.fail(.unavailable(detail: "disk full"), hasHappened: false)
        let outcomes = leases.commit([LeaseChange([lease(9)])])
        #expect(outcomes == [.failed("the store is unavailable: disk full")])
        #expect(try await leases.load().leases.isEmpty)
    }

    @Test("A record that is no lease, or another address's, is listed as unreadable")
    func unreadable() async throws {
        let store = MemoryStore()
        for (key, value) in [
            ("leases/10.0.0.1", "{"), ("leases/10.0.0.2", String(decoding: lease(9).json, as: UTF8.self)),
            ("leases/x", "?"),
        ] {
            _ = try await store.commit(.create(try #require(Key(key)), Array(value.utf8)))
        }
        let loaded = try await StoredLeases(store).load()
        #expect(loaded.leases.isEmpty && loaded.unreadable == [IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2)])
    }
}
