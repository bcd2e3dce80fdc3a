import FoundationEssentials
import GRDB

/// One batch against the tables, inside a transaction that the caller began and ends.
struct HistoryWriter {
    let db: Database
    let historyLimit: Int

    /// The outcome of each transaction, and whether anything was written.
    func apply(_ batch: [Transaction]) throws -> ([Outcome], isChanged: Bool) {
        let state = try HistoryState.fetch(db)
        let conflicts = try batch.map(firstConflict)
        guard state.revision.rawValue < UInt64(Int64.max) else { throw StoreError.unavailable(detail: "revisions are exhausted") }
        let next = Revision(rawValue: state.revision.rawValue + 1)
        var isChanged = false
        for (transaction, conflict) in zip(batch, conflicts) where conflict == nil {
            for write in transaction.writes where try perform(write, at: next) { isChanged = true }
        }
        if isChanged { try finish(state, at: next) }
        let committed = Outcome.committed(isChanged ? next : state.revision)
        return (conflicts.map { $0 ?? committed }, isChanged)
    }

    private func firstConflict(_ transaction: Transaction) throws -> Outcome? {
        for condition in transaction.conditions {
            let present = try presence(of: condition.key)
            switch condition {
            case .absent where present == nil: continue
            case .unchanged(_, since: let revision) where present?.modified == revision: continue
            default: return .conflict(condition.key, current: try HistoryReader(db: db).newest(condition.key))
            }
        }
        return nil
    }

    /// When the key was made and last put, without its value; `nil` where it has none.
    private func presence(of key: Key) throws -> (modified: Revision, created: Revision)? {
        let statement = try db.cachedStatement(
            sql: "SELECT revision, created, value IS NULL FROM history WHERE key = ? ORDER BY revision DESC LIMIT 1")
        guard let row = try Row.fetchOne(statement, arguments: [key.text]) else { return nil }
        if try row.integer(2) != 0 { return nil }
        return (modified: try row.revision(0), created: try row.revision(1))
    }

    /// True where the write changed something.
    private func perform(_ write: Transaction.Write, at revision: Revision) throws -> Bool {
        let present = try presence(of: write.key)
        let insert = try db.cachedStatement(sql: "INSERT INTO history (key, revision, created, value) VALUES (?, ?, ?, ?)")
        switch write {
        case .put(let key, let value):
            let created = present?.created ?? revision
            try insert.execute(arguments: [key.text, revision.stored, created.stored, Data(value)])
            return true
        case .delete(let key):
            guard present != nil else { return false }
            try insert.execute(arguments: [key.text, revision.stored, 0, nil])
            return true
        }
    }

    /// Moves the horizon up by at most two revisions: compaction keeps pace with the writes that cause it, without a pause of its own.
    private func finish(_ state: HistoryState, at next: Revision) throws {
        let limit = UInt64(max(historyLimit, 1))
        let wanted = next.rawValue > limit ? next.rawValue - limit : 0
        let horizon = Revision(rawValue: max(state.horizon.rawValue, min(wanted, state.horizon.rawValue + 2)))
        if horizon > state.horizon { try compact(after: state.horizon, through: horizon) }
        try db.cachedStatement(sql: "UPDATE state SET revision = ?, horizon = ? WHERE id = 1")
            .execute(arguments: [next.stored, horizon.stored])
    }

    /// What was superseded by a row at or below the new horizon goes, and the deletions there with it.
    private func compact(after old: Revision, through new: Revision) throws {
        let superseded = try db.cachedStatement(
            sql: """
                DELETE FROM history WHERE (key, revision) IN (
                    SELECT older.key, older.revision
                    FROM history AS newer INDEXED BY history_by_revision
                    JOIN history AS older ON older.key = newer.key AND older.revision < newer.revision
                    WHERE newer.revision > ? AND newer.revision <= ?)
                """)
        try superseded.execute(arguments: [old.stored, new.stored])
        let deletions = try db.cachedStatement(sql: "DELETE FROM history WHERE revision > ? AND revision <= ? AND value IS NULL")
        try deletions.execute(arguments: [old.stored, new.stored])
    }
}
