import Dispatch
import GRDB

/// A store in one SQLite file, for one process at a time.
///
/// Write-ahead log, `synchronous = FULL`: a commit is one fdatasync, and durable when it returns. All commits go through one serial
/// writer, readers run beside it on snapshots of their own.
package final class SQLiteStore: BlockingStore {
    package let identity: StoreIdentity
    let pool: DatabasePool
    let path: String
    let options: Options
    let signal = CommitSignal()
    private let checkpointer: Checkpointer
    private let lock: DirectoryLock

    package struct Options: Sendable {
        /// How many revisions back reads and watches reach; at least 1.
        package var historyLimit: Int

        /// How long a commit waits where another program's connection, such as an operator's sqlite3, holds the file.
        package var lockWait: Duration

        package init(historyLimit: Int = 10_000, lockWait: Duration = .seconds(5)) {
            self.historyLimit = max(historyLimit, 1)
            self.lockWait = lockWait
        }
    }

    /// Opens `store.sqlite` in a directory, both made where they are missing, and holds the directory until closed or released.
    package convenience init(directory: String, options: Options = Options()) throws(StoreError) {
        var generator = SystemRandomNumberGenerator()
        try self.init(directory: directory, options: options, using: &generator)
    }

    /// The same with the source of randomness that a new store's identity comes from.
    package init(
        directory: String, options: Options = Options(), using generator: inout some RandomNumberGenerator
    ) throws(StoreError) {
        // The lock comes first: what another process has open must not even be looked at.
        lock = try DirectoryLock(directory: directory)
        path = "\(directory)/store.sqlite"
        self.options = options
        let file = SQLiteFile(path: path)
        if let known = try file.identity() {
            identity = known
        } else {
            identity = .make(using: &generator)
            try file.create(identity: identity)
        }
        do {
            pool = try Self.openPool(path, options)
            checkpointer = try Checkpointer(path: path, configuration: Self.configuration("store-checkpoint", options))
            pool.writeWithoutTransaction { [checkpointer] in checkpointer.follow($0) }
        } catch {
            throw StoreError.opening(path, error)
        }
    }

    /// Ends every watch, closes the file, gives the directory back. Anything asked afterwards is `.unavailable`.
    package func close() throws(StoreError) {
        signal.finish()
        try? checkpointer.close()
        // So that a copy of the one file is a copy of the store. Should it fail, the log beside the file has the rest.
        try? pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        do { try pool.close() } catch { throw .unavailable(detail: "cannot close \(path): \(error)") }
        lock.release()
    }

    /// SQLite's `PRAGMA synchronous` on the connection that writes: 2 is FULL.
    package func synchronousLevel() throws(StoreError) -> Int? {
        do {
            return try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        } catch {
            throw StoreError.definite(error)
        }
    }

    private static func configuration(_ label: String, _ options: Options) -> Configuration {
        var configuration = Configuration()
        configuration.label = label
        configuration.busyMode = .timeout(options.lockWait / .seconds(1))
        // GRDB's own is above that of the threads that serve hosts.
        configuration.qos = .default
        return configuration
    }

    private static func openPool(_ path: String, _ options: Options) throws -> DatabasePool {
        var configuration = configuration("store", options)
        // A rollback that fails must not end the process; the writer tries it again before its next batch.
        configuration.allowsUnsafeTransactions = true
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in
            // GRDB sets NORMAL after it has opened, which loses the last commits with the power: this must come later.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try SQLiteSchema.migrate(db)
        }
        return pool
    }
}
