import GRDB

/// One batch against the tables, inside a transaction that the caller began and ends.
struct HistoryWriter {
    let db: Database
    let historyLimit: Int
    private let presence: BareStatement
    private let insert: BareStatement

    init(db: Database, historyLimit: Int) throws {
        (self.db, self.historyLimit) = (db, historyLimit)
        presence = try BareStatement("SELECT revision, created, value IS NULL FROM history WHERE key = ? ORDER BY revision DESC LIMIT 1", db)
        insert = try BareStatement("INSERT INTO history (key, revision, created, value) VALUES (?, ?, ?, ?)", db)
    }

    /// When a key was made and last put.
    private struct Presence {
        var modified: Revision
        var created: Revision
    }

    /// What the judgement of a transaction found, so that writing need not look again: no key occurs twice in a batch.
    private struct Verdict {
        var conflict: Outcome?
        var seen: [(key: Key, presence: Presence?)] = []

        /// `nil` when the key was not looked at. Conditions mostly stand in the order of the writes.
        func presence(of key: Key, near index: Int) -> Presence?? {
            if index < seen.count, seen[index].key == key { return seen[index].presence }
            return seen.first { $0.key == key }.map(\.presence)
        }
    }

    /// The outcome of each transaction, and whether anything was written.
    func apply(_ batch: [Transaction]) throws -> ([Outcome], isChanged: Bool) {
        let state = try HistoryState.fetch(db)
        let verdicts = try batch.map(judge)
        guard state.revision.rawValue < UInt64(Int64.max) else { throw StoreError.unavailable(detail: "revisions are exhausted") }
        let next = Revision(rawValue: state.revision.rawValue + 1)
        var isChanged = false
        for (transaction, verdict) in zip(batch, verdicts) where verdict.conflict == nil {
            for (index, write) in transaction.writes.enumerated() where try perform(write, at: next, verdict.presence(of: write.key, near: index)) {
                isChanged = true
            }
        }
        if isChanged { try finish(state, at: next) }
        let committed = Outcome.committed(isChanged ? next : state.revision)
        return (verdicts.map { $0.conflict ?? committed }, isChanged)
    }

    private func judge(_ transaction: Transaction) throws -> Verdict {
        var verdict = Verdict()
        for condition in transaction.conditions {
            let present = try presence(of: condition.key)
            verdict.seen.append((condition.key, present))
            switch condition {
            case .absent where present == nil: continue
            case .unchanged(_, since: let revision) where present?.modified == revision: continue
            default:
                verdict.conflict = .conflict(condition.key, current: try HistoryReader(db: db).newest(condition.key))
                return verdict
            }
        }
        return verdict
    }

    /// `nil` where the key has no value.
    private func presence(of key: Key) throws -> Presence? {
        try presence.bind(1, key.text)
        return try presence.first { row in
            row.integer(2) != 0 ? nil : Presence(modified: try row.revision(0), created: try row.revision(1))
        } ?? nil
    }

    /// True where the write changed something.
    private func perform(_ write: Transaction.Write, at revision: Revision, _ known: Presence??) throws -> Bool {
        let present = try known ?? presence(of: write.key)
        switch write {
        case .put(let key, let value):
            try insert(key, at: revision, created: (present?.created ?? revision).stored, value)
            return true
        case .delete(let key):
            guard present != nil else { return false }
            try insert(key, at: revision, created: 0, nil)
            return true
        }
    }

    private func insert(_ key: Key, at revision: Revision, created: Int64, _ value: [UInt8]?) throws {
        try insert.bind(1, key.text)
        try insert.bind(2, revision.stored)
        try insert.bind(3, created)
        if let value { try insert.bind(4, value) } else { try insert.bindNull(4) }
        try insert.execute()
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
