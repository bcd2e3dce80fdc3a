import AddressPlan
import DHCPServer
import Primitives
import Store
import Synchronization
import Testing

/// Records in memory; the next puts fail as they are told to.
private final class TestRecords: LeaseRecords {
    private struct State {
        var records: [IPv4Address: [UInt8]] = [:]
        var failures: [StoreError] = []
        var puts = 0
    }
    private let state = Mutex(State())

    init(failures: [StoreError] = []) { state.withLock { $0.failures = failures } }

    var puts: Int { state.withLock { $0.puts } }

    func leaseRecords() async throws(StoreError) -> [LeaseRecord] {
        state.withLock { $0.records.map { LeaseRecord(address: $0, value: $1) }.sorted { $0.address < $1.address } }
    }

    func put(_ records: [LeaseRecord]) throws(StoreError) {
        let failure: StoreError? = state.withLock { state in
            state.puts += 1
            if !state.failures.isEmpty { return state.failures.removeFirst() }
            for record in records { state.records[record.address] = record.value }
            return nil
        }
        if let failure { throw failure }
    }
}

@Suite struct RecordedLeasesTests {
    private func lease(_ last: UInt8, nic number: UInt64 = 1, expires: Int64 = 100, state: Lease.State = .bound) -> Lease {
        Lease(address: IPv4Address(10, 0, 0, last), client: LeaseClient(hardwareAddress: nic(number)), expires: expires, state: state)
    }

    @Test("Leases come back as they were stored, all of one call by one put, the later of two for one address")
    func roundTrip() async throws {
        let records = TestRecords()
        let changes = [
            LeaseChange([lease(9)]), LeaseChange([lease(10), lease(11, state: .released)]), LeaseChange([lease(9, expires: 200)]),
        ]
        #expect(RecordedLeases(records).commit(changes) == [.durable, .durable, .durable])
        #expect(RecordedLeases(records).commit([]) == [])
        #expect(records.puts == 1)
        #expect(try await RecordedLeases(records).load().leases == [lease(9, expires: 200), lease(10), lease(11, state: .released)])
    }

    @Test("An outcome that was unknown is settled by putting the same again; one that stays unknown, or a failure, is told of all")
    func failures() async throws {
        let (unknown, full) = (StoreError.outcomeUnknown(detail: "cut off"), StoreError.unavailable(detail: "disk full"))
        let changes = [LeaseChange([lease(9)]), LeaseChange([lease(10)])]
        let settled = TestRecords(failures: [unknown])
        #expect(RecordedLeases(settled).commit(changes) == [.durable, .durable])
        #expect(try await RecordedLeases(settled).load().leases.count == 2)
        #expect(RecordedLeases(TestRecords(failures: [unknown, unknown])).commit(changes) == [.unknown("cut off"), .unknown("cut off")])
        let failed = LeaseCommitOutcome.failed("the store is unavailable: disk full")
        #expect(RecordedLeases(TestRecords(failures: [unknown, full])).commit(changes) == [.unknown("cut off"), .unknown("cut off")])
        #expect(RecordedLeases(TestRecords(failures: [full])).commit(changes) == [failed, failed])
    }

    @Test("A record that is no lease, or another address's, is listed as unreadable")
    func unreadable() async throws {
        let records = TestRecords()
        let (one, two) = (IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2))
        try records.put([LeaseRecord(address: one, value: Array("{".utf8)), LeaseRecord(address: two, value: lease(9).json)])
        let loaded = try await RecordedLeases(records).load()
        #expect(loaded.leases.isEmpty && loaded.unreadable == [one, two])
    }
}
