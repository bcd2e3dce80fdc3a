import GRDB
import Glibc

/// The database file before it is opened for good: is it there, is it ours, is it whole. Looking changes nothing in it.
struct SQLiteFile {
    let path: String

    /// `application_id` of our files: "BENU".
    static let applicationID: Int32 = 0x4245_4E55

    /// Whose store it is; `nil` where there is no file. Throws where there is one that we must not open.
    func identity() throws(StoreError) -> StoreIdentity? {
        guard let header = try readHeader() else { return nil }
        try check(header)
        return try checkContent()
    }

    /// The first 100 bytes (https://www.sqlite.org/fileformat.html section 1.3), fewer where the file has fewer.
    private func readHeader() throws(StoreError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw .cannotOpen(path: path, detail: DirectoryLock.reason(errno)) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw .cannotOpen(path: path, detail: DirectoryLock.reason(errno)) }
        return Array(bytes.prefix(count))
    }

    private func check(_ header: [UInt8]) throws(StoreError) {
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw .notAStore(path: path, found: "the file is no SQLite database")
        }
        let application = Self.bigEndian(header[68..<72])
        guard application == UInt32(bitPattern: Self.applicationID) else {
            throw .notAStore(path: path, found: "the file is an SQLite database of another program (application id \(application))")
        }
        try checkSchema(Int(Self.bigEndian(header[60..<64])))
    }

    /// Asks SQLite itself over a connection that cannot write. The write-ahead log is read with it, and left as it is.
    private func checkContent() throws(StoreError) -> StoreIdentity {
        var configuration = Configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { db in
                let damage = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "the check said nothing"
                guard damage == "ok" else { throw StoreError.corrupt(path: path, detail: damage) }
                // Once more: the header's copy is older than one in the write-ahead log.
                let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                try checkSchema(version)
                return try checkTables(db, version: version)
            }
        } catch {
            throw StoreError.opening(path, error)
        }
    }

    private func checkSchema(_ found: Int) throws(StoreError) {
        guard found > 0 else { throw .corrupt(path: path, detail: "no schema version") }
        guard found <= SQLiteSchema.version else { throw .newerSchema(path: path, found: found, known: SQLiteSchema.version) }
    }

    private func checkTables(_ db: Database, version: Int) throws -> StoreIdentity {
        _ = try Row.fetchOne(db, sql: "SELECT key, revision, created, value FROM history LIMIT 1")
        if version >= 2 { _ = try Row.fetchOne(db, sql: "SELECT address, value FROM leases LIMIT 1") }
        let text = try String.fetchOne(db, sql: "SELECT identity FROM state WHERE id = 1 AND revision >= horizon")
        guard let identity = text.flatMap(StoreIdentity.init) else {
            throw StoreError.corrupt(path: path, detail: "the store's identity is missing or malformed")
        }
        return identity
    }

    /// Makes a new store under a name beside its own and moves it there whole, so that a crash leaves no half-made file.
    func create(identity: StoreIdentity) throws(StoreError) {
        // SQLite would replay a log that is left from another file into the new one.
        guard access("\(path)-wal", F_OK) != 0 else {
            throw .corrupt(path: path, detail: "the file is missing, but its log \(path)-wal is there")
        }
        let unfinished = "\(path).new"
        for leftover in [unfinished, "\(unfinished)-journal"] { unlink(leftover) }
        do {
            let queue = try DatabaseQueue(path: unfinished)
            try queue.inDatabase { db in
                // Outside a transaction: it cannot change inside one. The rename must not overtake the content.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.inTransaction(.immediate) {
                    try SQLiteSchema.create(db, identity: identity)
                    return .commit
                }
            }
            try queue.close()
        } catch {
            throw StoreError.opening(path, error)
        }
        guard rename(unfinished, path) == 0 else { throw .cannotOpen(path: path, detail: DirectoryLock.reason(errno)) }
        try synchronizeDirectory()
    }

    /// Makes the new name durable.
    private func synchronizeDirectory() throws(StoreError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path: directory, detail: DirectoryLock.reason(errno)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotOpen(path: directory, detail: DirectoryLock.reason(errno)) }
    }

    private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
