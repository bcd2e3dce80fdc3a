import Dispatch
import GRDB
import GRDBSQLite
import Synchronization

/// Moves the write-ahead log into the file by a connection of its own, as its plan says.
final class Checkpointer: Sendable {
    private let plan = Mutex(CheckpointPlan())
    private let connection: DatabaseQueue
    private let queue = DispatchQueue(label: "store-checkpoint")

    init(path: String, configuration: Configuration) throws {
        connection = try DatabaseQueue(path: path, configuration: configuration)
        try connection.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    }

    /// Hears of every commit of the writer from now on, in place of SQLite's own rule. It must outlive the writer's connection.
    func follow(_ writer: Database) {
        sqlite3_wal_hook(
            writer.sqliteConnection,
            { context, writer, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<Checkpointer>.fromOpaque(context).takeUnretainedValue().committed(pages: Int(pages), writer)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func committed(pages: Int, _ writer: OpaquePointer?) {
        switch plan.withLock({ $0.action(after: pages) }) {
        case .nothing: break
        // One that fails leaves the log as it is, and the next will be tried.
        case .here:
            // One that is under way beside would have this one do nothing.
            queue.sync {}
            sqlite3_wal_checkpoint_v2(writer, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        case .beside:
            queue.async { [connection] in
                connection.inDatabase { _ = sqlite3_wal_checkpoint_v2($0.sqliteConnection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) }
            }
        }
    }

    /// Waits for a checkpoint that is under way.
    func close() throws {
        queue.sync {}
        try connection.close()
    }
}
