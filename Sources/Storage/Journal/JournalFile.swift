import Dispatch
import GRDB
import Synchronization

/// `journal.sqlite`: what makes a file ours, and its one table.
struct JournalFile {
    let path: String

    /// `application_id` of our files: "BENJ".
    static let applicationID = 0x4245_4E4A
    static let schema = 1

    /// GRDB's pool as it is: write-ahead log, `synchronous = NORMAL`.
    func open(_ limits: JournalLimits) throws(JournalError) -> (DatabasePool, JournalWriter) {
        do {
            try look()
            var configuration = Configuration()
            configuration.label = "journal"
            configuration.busyMode = .timeout(5)
            // GRDB's own is above that of the threads that serve hosts.
            configuration.qos = .utility
            let pool = try DatabasePool(path: path, configuration: configuration)
            let counts = try pool.write { db in
                try create(db)
                return try EventCounts.fetch(db)
            }
            return (pool, JournalWriter(limits: limits, counts: counts))
        } catch let error as JournalError {
            throw error
        } catch let error as DatabaseError where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) {
            throw .notAJournal(path: path, found: error.message ?? "the file is no SQLite database")
        } catch {
            throw .cannotOpen(path: path, detail: "\(error)")
        }
    }

    /// Over a connection that cannot write, and cannot make the file where there is none.
    private func look() throws {
        var configuration = Configuration()
        configuration.readonly = true
        let queue: DatabaseQueue
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            return
        }
        defer { try? queue.close() }
        let (application, schema, tables) = try queue.read { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0, try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0,
                try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            )
        }
        // An empty database is what a crash leaves between making the file and the table.
        if application == 0, tables == 0 { return }
        guard application == Self.applicationID else {
            throw JournalError.notAJournal(path: path, found: "the file is another program's (application id \(application))")
        }
        guard schema <= Self.schema else { throw JournalError.newerSchema(path: path, found: schema, known: Self.schema) }
    }

    private func create(_ db: Database) throws {
        // AUTOINCREMENT: a number is never given twice, also when the newest rows are gone.
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS event (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    host TEXT NOT NULL,
                    boot TEXT NOT NULL,
                    body BLOB NOT NULL
                ) STRICT;
                CREATE INDEX IF NOT EXISTS event_by_host ON event (host, sequence);
                CREATE INDEX IF NOT EXISTS event_by_boot ON event (boot, sequence) WHERE boot <> '';
                PRAGMA application_id = \(Self.applicationID);
                PRAGMA user_version = \(Self.schema);
                """)
    }
}

/// How many events there are, in all and of each host ("" for none).
struct EventCounts {
    var all = 0
    var byHost: [String: Int] = [:]

    mutating func add(_ changes: EventCounts) {
        all += changes.all
        for (host, change) in changes.byHost {
            let count = (byHost[host] ?? 0) + change
            byHost[host] = count > 0 ? count : nil
        }
    }

    static func fetch(_ db: Database) throws -> EventCounts {
        var counts = EventCounts()
        let rows = try Row.fetchCursor(db, sql: "SELECT host, count(*) FROM event GROUP BY host")
        while let row = try rows.next() {
            guard let host = String.fromDatabaseValue(row[0]), let count = Int.fromDatabaseValue(row[1]) else { continue }
            counts.byHost[host] = count
            counts.all += count
        }
        return counts
    }
}
