import GRDB

/// The row of `state`: how far the store has come, and how far back it reaches.
struct HistoryState {
    let revision: Revision
    /// The oldest revision that can be read, or watched from.
    let horizon: Revision

    static func fetch(_ db: Database) throws -> HistoryState {
        let statement = try db.cachedStatement(sql: "SELECT revision, horizon FROM state WHERE id = 1")
        guard let row = try Row.fetchOne(statement) else { throw StoreError.unavailable(detail: "the table state is empty") }
        return HistoryState(revision: try row.revision(0), horizon: try row.revision(1))
    }

    /// Throws the named error where `wanted` is not kept.
    func check(_ wanted: Revision) throws(StoreError) {
        if wanted < horizon { throw .compacted(oldest: horizon) }
        if wanted > revision { throw .notReached(wanted, current: revision) }
    }
}

extension Revision {
    /// As SQLite keeps it. A revision beyond Int64 was never ours; the nearest that fits finds nothing either.
    var stored: Int64 { Int64(clamping: rawValue) }
}

/// Our `Key`, where GRDB's `Row.Key` hides it.
typealias StoreKey = Key

/// Columns by number. GRDB's own subscripts trap where a value has another type; a damaged file must not.
extension Row {
    func integer(_ column: Int) throws(StoreError) -> Int64 {
        guard case .int64(let value) = try storage(column) else { throw Self.unexpected(column) }
        return value
    }

    func revision(_ column: Int) throws(StoreError) -> Revision {
        guard let value = UInt64(exactly: try integer(column)) else { throw Self.unexpected(column) }
        return Revision(rawValue: value)
    }

    func storeKey(_ column: Int) throws(StoreError) -> StoreKey {
        guard case .string(let text) = try storage(column), let key = StoreKey(text) else { throw Self.unexpected(column) }
        return key
    }

    /// `nil` for NULL.
    func bytes(_ column: Int) throws(StoreError) -> [UInt8]? {
        switch try storage(column) {
        case .null: return nil
        case .blob(let data): return [UInt8](data)
        default: throw Self.unexpected(column)
        }
    }

    private func storage(_ column: Int) throws(StoreError) -> DatabaseValue.Storage {
        guard column >= 0, column < count else { throw Self.unexpected(column) }
        let value: DatabaseValue = self[column]
        return value.storage
    }

    private static func unexpected(_ column: Int) -> StoreError {
        .unavailable(detail: "column \(column) is not of the type that was written; the file is damaged")
    }
}
