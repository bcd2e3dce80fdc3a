import GRDB

/// Reads inside one transaction of the caller's, so that all of them see one state.
struct HistoryReader {
    /// A batch of changes ends at the first whole revision beyond this many changes or bytes.
    static let changesPerBatch = 1000
    static let bytesPerBatch = 1 << 20

    let db: Database

    func newest(_ key: Key) throws -> Entry? {
        let statement = try db.cachedStatement(
            sql: "SELECT key, revision, created, value FROM history WHERE key = ? ORDER BY revision DESC LIMIT 1")
        guard let row = try Row.fetchOne(statement, arguments: [key.text]) else { return nil }
        return try Self.entry(row)
    }

    /// Each key's newest row up to the revision: SQLite takes the other columns from the row that has the maximum
    /// (https://www.sqlite.org/lang_select.html section 2.5), and the primary key's order makes it one walk.
    func page(_ prefix: KeyPrefix, at wanted: Revision?, _ request: PageRequest) throws -> Page {
        let state = try HistoryState.fetch(db)
        let revision = wanted ?? state.revision
        try state.check(revision)
        let statement = try db.cachedStatement(
            sql: """
                SELECT key, max(revision), created, value FROM history
                WHERE key > ? AND key < ? AND revision <= ?
                GROUP BY key HAVING value IS NOT NULL ORDER BY key LIMIT ?
                """)
        let low = max(prefix.lowerBound, request.after?.text ?? "")
        let rows = try Row.fetchCursor(
            statement, arguments: [low, prefix.upperBound, revision.stored, request.limit + 1])
        var entries: [Entry] = []
        var bytes = 0
        while let row = try rows.next() {
            if entries.count == request.limit || bytes >= PageRequest.maximumBytes {
                let next = PageRequest(after: entries.last?.key, limit: request.limit)
                return Page(entries: entries, revision: revision, next: next)
            }
            guard let entry = try Self.entry(row) else { continue }
            bytes += entry.value.count
            entries.append(entry)
        }
        return Page(entries: entries, revision: revision, next: nil)
    }

    func changes(_ prefix: KeyPrefix, after: Revision) throws -> ChangeBatch {
        let state = try HistoryState.fetch(db)
        try state.check(after)
        let statement = try db.cachedStatement(
            sql: """
                SELECT key, revision, created, value FROM history INDEXED BY history_by_revision
                WHERE revision > ? AND key > ? AND key < ? ORDER BY revision, key
                """)
        let rows = try Row.fetchCursor(statement, arguments: [after.stored, prefix.lowerBound, prefix.upperBound])
        var changes: [Change] = []
        var bytes = 0
        while let row = try rows.next() {
            let revision = try row.revision(1)
            if let last = changes.last?.revision, last != revision,
                changes.count >= Self.changesPerBatch || bytes >= Self.bytesPerBatch
            {
                return ChangeBatch(changes: changes, revision: last)
            }
            if let entry = try Self.entry(row) {
                bytes += entry.value.count
                changes.append(.put(entry))
            } else {
                changes.append(.deleted(try row.storeKey(0), at: revision))
            }
        }
        return ChangeBatch(changes: changes, revision: state.revision)
    }

    /// A row of key, revision, created, value; `nil` for a deletion.
    private static func entry(_ row: Row) throws(StoreError) -> Entry? {
        guard let value = try row.bytes(3) else { return nil }
        return Entry(key: try row.storeKey(0), value: value, created: try row.revision(2), modified: try row.revision(1))
    }
}
