import GRDB

extension SQLiteStore {
    package func currentRevision() async throws(StoreError) -> Revision {
        try await reading { try HistoryState.fetch($0).revision }.get()
    }

    package func get(_ key: Key) async throws(StoreError) -> Entry? {
        try await reading { try HistoryReader(db: $0).newest(key) }.get()
    }

    /// All of one moment.
    package func get(_ keys: [Key]) async throws(StoreError) -> [Entry?] {
        try await reading { db in try keys.map { try HistoryReader(db: db).newest($0) } }.get()
    }

    package func read(_ prefix: KeyPrefix, at revision: Revision?, page: PageRequest) async throws(StoreError) -> Page {
        try await reading { try HistoryReader(db: $0).page(prefix, at: revision, page) }.get()
    }

    package func changes(_ prefix: KeyPrefix, after revision: Revision) -> ChangeSequence {
        ChangeSequence(after: revision, signal: signal) { [self] after in
            await reading { try HistoryReader(db: $0).changes(prefix, after: after) }
        }
    }

    /// One snapshot, on a connection that is not the writer's.
    func reading<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async -> Result<Value, StoreError> {
        await withCheckedContinuation { continuation in
            pool.asyncRead { access in
                do {
                    continuation.resume(returning: .success(try body(access.get())))
                } catch {
                    continuation.resume(returning: .failure(.definite(error)))
                }
            }
        }
    }
}
