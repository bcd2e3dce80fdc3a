import GRDB

/// The tables of the store, and the steps from one version of them to the next.
///
/// One row of `history` is one change of one key: a NULL value is a deletion. A key's newest row is its present. `state` has one row: the
/// newest revision, and the horizon, the oldest revision that can still be read.
enum SQLiteSchema {
    /// The version this release writes; `user_version` of the file.
    static var version: Int { 1 + migrations.count }

    /// Step n takes version n + 1 to n + 2. Never edit one that was released.
    static let migrations: [@Sendable (Database) throws -> Void] = []

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
