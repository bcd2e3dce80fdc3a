import GRDB

/// The one serial writer.
extension SQLiteStore {
    package func commit(_ batch: [Transaction]) async throws(StoreError) -> [Outcome] {
        try BatchRule.check(batch)
        // Not GRDB's async write: that stops when the task is cancelled, and a commit must not.
        let result = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in continuation.resume(returning: self.perform(batch, db)) }
        }
        return try result.get()
    }

    package func commitBlocking(_ batch: [Transaction]) throws(StoreError) -> [Outcome] {
        try BatchRule.check(batch)
        return try pool.writeWithoutTransaction { db in perform(batch, db) }.get()
    }

    /// On the writer's queue: judge everything, write everything, compact a little, one COMMIT.
    private func perform(_ batch: [Transaction], _ db: Database) -> Result<[Outcome], StoreError> {
        let result = transact(db) { try HistoryWriter(db: db, historyLimit: options.historyLimit).apply(batch) }
        if case .success((_, isChanged: true)) = result { signal.ring() }
        return result.map(\.0)
    }

    /// What `body` writes, and whether it did, in one transaction of the writer's.
    func transact<Value>(
        _ db: Database, _ body: () throws -> (Value, isChanged: Bool)
    ) -> Result<(Value, isChanged: Bool), StoreError> {
        let (value, isChanged): (Value, Bool)
        rollBack(db)
        do {
            try db.beginTransaction(.immediate)
            (value, isChanged) = try body()
        } catch {
            rollBack(db)
            return .failure(.definite(error))
        }
        do {
            try db.commit()
        } catch {
            rollBack(db)
            return .failure(isChanged ? .unknown(error) : .definite(error))
        }
        return .success((value, isChanged))
    }

    private func rollBack(_ db: Database) {
        // After most errors SQLite has rolled back by itself. Should this fail, the next batch begins with it.
        if db.isInsideTransaction { try? db.rollback() }
    }
}
