import GRDB
import GRDBSQLite

/// A prepared statement by SQLite's own interface, for the writes of the boot path: GRDB wraps every value and every row, which costs
/// several times what SQLite itself does.
struct BareStatement {
    private let db: Database
    /// Keeps the prepared statement alive.
    private let statement: Statement
    private let pointer: OpaquePointer

    /// Prepared once for each connection; kept in GRDB's cache between batches.
    init(_ sql: String, _ db: Database) throws {
        self.db = db
        statement = try db.cachedStatement(sql: sql)
        pointer = statement.sqliteStatement
    }

    func bind(_ index: Int32, _ value: Int64) throws { try check(sqlite3_bind_int64(pointer, index, value)) }
    func bindNull(_ index: Int32) throws { try check(sqlite3_bind_null(pointer, index)) }

    func bind(_ index: Int32, _ text: String) throws {
        var text = text
        try check(
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { sqlite3_bind_text(pointer, index, $0.baseAddress, Int32(clamping: $0.count), Self.copied) }
            })
    }

    func bind(_ index: Int32, _ bytes: [UInt8]) throws {
        // A NULL pointer would bind NULL, and an empty array may have one.
        guard !bytes.isEmpty else { return try check(sqlite3_bind_zeroblob(pointer, index, 0)) }
        try check(bytes.withUnsafeBytes { sqlite3_bind_blob(pointer, index, $0.baseAddress, Int32(clamping: $0.count), Self.copied) })
    }

    /// Runs to the end; rows are not looked at.
    func execute() throws {
        defer { sqlite3_reset(pointer) }
        while try step() {}
    }

    /// The first row, given to `body`; `nil` where there is none.
    func first<Value>(_ body: (BareRow) throws -> Value) throws -> Value? {
        defer { sqlite3_reset(pointer) }
        return try step() ? try body(BareRow(pointer: pointer)) : nil
    }

    private func step() throws -> Bool {
        let code = sqlite3_step(pointer)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        throw failure(code)
    }

    private func check(_ code: Int32) throws { if code != SQLITE_OK { throw failure(code) } }

    private func failure(_ code: Int32) -> DatabaseError {
        let message = db.sqliteConnection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }

    /// SQLITE_TRANSIENT, which C makes of -1 by a cast: SQLite copies the bytes before the call returns.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

/// The row that a statement stands on. A value of another type than asked for is converted by SQLite, never a trap.
struct BareRow {
    fileprivate let pointer: OpaquePointer

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

    func revision(_ column: Int32) throws(StoreError) -> Revision {
        guard let value = UInt64(exactly: integer(column)) else {
            throw .unavailable(detail: "column \(column) is negative; the file is damaged")
        }
        return Revision(rawValue: value)
    }
}
