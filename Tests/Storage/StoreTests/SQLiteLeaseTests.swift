import Foundation
import GRDB
import Primitives
import Store
import TestSupport
import Testing

@Suite("The leases of a store")
struct SQLiteLeaseTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func record(_ last: UInt8, _ text: String) -> LeaseRecord {
        LeaseRecord(address: IPv4Address(10, 0, 0, last), value: Array(text.utf8))
    }

    @Test("are there when it is opened again, each as it was put last")
    func roundTrip() async throws {
        let store = try SQLiteStore(directory: directory.path)
        try store.put([record(1, "a"), record(255, "b"), record(1, "c")])
        try store.put([])
        try store.put([record(2, ""), LeaseRecord(address: .broadcast, value: [0, 255])])
        try store.close()
        let again = try SQLiteStore(directory: directory.path)
        let found = try await again.leaseRecords().sorted { $0.address < $1.address }
        #expect(found == [record(1, "c"), record(2, ""), record(255, "b"), LeaseRecord(address: .broadcast, value: [0, 255])])
        // They are no keys, and make no revision.
        #expect(try await again.currentRevision() == .zero)
    }

    @Test("move out of the history that an older release kept them in")
    func migration() async throws {
        let file = "\(directory.path)/store.sqlite"
        let store = try SQLiteStore(directory: directory.path)
        for (key, value) in [("leases/10.0.0.9", "old"), ("leases/x", "?"), ("leases2/10.0.0.8", "other"), ("hosts/a", "h")] {
            _ = try await store.commit(.create(try Key(parsing: key), Array(value.utf8)))
        }
        let entry = try #require(try await store.get("leases/10.0.0.9"))
        _ = try await store.commit(.replace(entry, with: Array("new".utf8)))
        try store.close()
        let queue = try DatabaseQueue(path: file)
        try await queue.writeWithoutTransaction { try $0.execute(sql: "DROP TABLE leases; PRAGMA user_version = 1") }
        try queue.close()

        let migrated = try SQLiteStore(directory: directory.path)
        #expect(try await migrated.leaseRecords() == [record(9, "new")])
        #expect(try await migrated.get("leases/10.0.0.9") == nil)
        #expect(try await migrated.get("leases2/10.0.0.8")?.text == "other")
        #expect(try await migrated.get("hosts/a")?.text == "h")
        #expect(try await migrated.currentRevision() == Revision(rawValue: 5))
    }

    @Test("with an address that is none are a damaged file, by name")
    func damaged() async throws {
        let store = try SQLiteStore(directory: directory.path)
        let other = try DatabaseQueue(path: "\(directory.path)/store.sqlite")
        try await other.write { try $0.execute(sql: "INSERT INTO leases (address, value) VALUES (-1, x'00')") }
        await #expect { try await store.leaseRecords() } throws: { error in
            if case .unavailable = error as? StoreError { true } else { false }
        }
    }

    @Test("cannot be put into a store that is closed, and nothing traps")
    func closed() throws {
        let store = try SQLiteStore(directory: directory.path)
        try store.close()
        #expect { try store.put([record(1, "a")]) } throws: { error in
            if case .unavailable = error as? StoreError { true } else { false }
        }
    }

    @Test("reach the file beside the commits once the log is long, and all of them are in it")
    func checkpoints() async throws {
        let store = try SQLiteStore(directory: directory.path)
        func logBytes() throws -> Int {
            try FileManager.default.attributesOfItem(atPath: "\(directory.path)/store.sqlite-wal")[.size] as? Int ?? 0
        }
        // Each record has a page of its own: 28,000 pages go through the log, 115 MB.
        let value = [UInt8](repeating: 7, count: 3000)
        for first in stride(from: 0 as UInt32, to: 28_000, by: 40) {
            try store.put((first..<first + 40).map { LeaseRecord(address: IPv4Address(value: $0), value: value) })
        }
        // By itself, no commit makes it begin anew before 64 MiB.
        #expect(try logBytes() < 72 << 20)
        #expect(try await store.leaseRecords().count == 28_000)
        try store.close()
        #expect(try await SQLiteStore(directory: directory.path).leaseRecords().count == 28_000)
    }
}
