import FoundationEssentials
import GRDB
import Primitives

/// The tables of the store, and the steps from one version of them to the next.
///
/// One row of `history` is one change of one key: a NULL value is a deletion. A key's newest row is its present. `state` has one row: the
/// newest revision, and the horizon, the oldest revision that can still be read. `leases` has no history: one row for each address.
enum SQLiteSchema {
    /// The version this release writes; `user_version` of the file.
    static var version: Int { 1 + migrations.count }

    /// Step n takes version n + 1 to n + 2. Never edit one that was released.
    static let migrations: [@Sendable (Database) throws -> Void] = [leasesByAddress]

    /// Leases leave the history, which nobody read, for a table with one B-tree.
    private static let leasesByAddress: @Sendable (Database) throws -> Void = { db in
        try db.execute(sql: "CREATE TABLE leases (address INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT")
        let prefix = KeyPrefix.under("leases")
        let rows = try Row.fetchCursor(
            db, sql: "SELECT key, max(revision), value FROM history WHERE key > ? AND key < ? GROUP BY key HAVING value IS NOT NULL",
            arguments: [prefix.lowerBound, prefix.upperBound])
        while let row = try rows.next() {
            // A key that is no address was none of ours.
            guard let address = IPv4Address(String(try row.storeKey(0).lastSegment)), let value = try row.bytes(2) else { continue }
            try db.execute(sql: "INSERT INTO leases (address, value) VALUES (?, ?)", arguments: [Int64(address.value), Data(value)])
        }
        try db.execute(sql: "DELETE FROM history WHERE key > ? AND key < ?", arguments: [prefix.lowerBound, prefix.upperBound])
    }

    static func create(_ db: Database, identity: StoreIdentity) throws {
        try db.execute(
            sql: """
                CREATE TABLE state (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    identity TEXT NOT NULL,
                    revision INTEGER NOT NULL CHECK (revision >= 0),
                    horizon INTEGER NOT NULL CHECK (horizon >= 0)
                ) STRICT;
                CREATE TABLE history (
                    key TEXT NOT NULL,
                    revision INTEGER NOT NULL,
                    created INTEGER NOT NULL,
                    value BLOB,
                    PRIMARY KEY (key, revision)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX history_by_revision ON history (revision);
                """)
        try db.execute(sql: "INSERT INTO state (id, identity, revision, horizon) VALUES (1, ?, 0, 0)", arguments: [identity.text])
        for migration in migrations { try migration(db) }
        try db.execute(sql: "PRAGMA application_id = \(SQLiteFile.applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// Brings an older file to this version in one transaction. Called on a file that is known to be ours and not newer.
    static func migrate(_ db: Database) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard found >= 1, found < version else { return }
        try db.inTransaction(.immediate) {
            for migration in migrations.dropFirst(found - 1) { try migration(db) }
            try db.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
        // The version belongs into the file's header, where an older release looks before it opens anything.
        try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
