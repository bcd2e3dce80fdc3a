package import Store
import Synchronization

/// A store for tests of other parts: in memory, and held to the same contract as the one on disk.
package final class MemoryStore: BlockingStore {
    private struct Version {
        let revision: Revision
        let created: Revision
        /// `nil` for a deletion.
        let value: [UInt8]?
    }

    private struct State {
        var revision = Revision.zero
        var horizon = Revision.zero
        var versions: [Key: [Version]] = [:]
    }

    package let identity: StoreIdentity
    private let historyLimit: UInt64
    private let state = Mutex(State())
    private let signal = CommitSignal()

    package init(historyLimit: Int = 10_000) {
        var generator = SystemRandomNumberGenerator()
        identity = .make(using: &generator)
        self.historyLimit = UInt64(max(historyLimit, 1))
    }

    package func commit(_ batch: [Transaction]) async throws(StoreError) -> [Outcome] { try commitBlocking(batch) }

    package func commitBlocking(_ batch: [Transaction]) throws(StoreError) -> [Outcome] {
        try BatchRule.check(batch)
        let (outcomes, isChanged) = state.withLock { apply(batch, to: &$0) }
        if isChanged { signal.ring() }
        return outcomes
    }

    package func currentRevision() async throws(StoreError) -> Revision { state.withLock { $0.revision } }

    package func get(_ key: Key) async throws(StoreError) -> Entry? {
        state.withLock { Self.entry(key, $0.versions[key]?.last) }
    }

    package func read(_ prefix: KeyPrefix, at revision: Revision?, page: PageRequest) async throws(StoreError) -> Page {
        let state = state.withLock { $0 }
        let at = revision ?? state.revision
        try Self.check(at, state)
        let found = state.versions.keys.sorted().compactMap { key -> Entry? in
            guard prefix.contains(key), page.after.map({ $0 < key }) ?? true else { return nil }
            return Self.entry(key, state.versions[key]?.last { $0.revision <= at })
        }
        var (entries, bytes): ([Entry], Int) = ([], 0)
        for entry in found {
            if entries.count == page.limit || bytes >= PageRequest.maximumBytes { break }
            entries.append(entry)
            bytes += entry.value.count
        }
        let isLast = entries.count == found.count
        return Page(entries: entries, revision: at, next: isLast ? nil : PageRequest(after: entries.last?.key, limit: page.limit))
    }

    package func changes(_ prefix: KeyPrefix, after revision: Revision) -> ChangeSequence {
        ChangeSequence(after: revision, signal: signal) { [self] after in
            let state = state.withLock { $0 }
            do throws(StoreError) { try Self.check(after, state) } catch { return .failure(error) }
            let changes = state.versions.flatMap { key, versions -> [Change] in
                guard prefix.contains(key) else { return [] }
                return versions.filter { $0.revision > after }
                    .map { version in Self.entry(key, version).map(Change.put) ?? .deleted(key, at: version.revision) }
            }
            let ordered = changes.sorted { ($0.revision, $0.key) < ($1.revision, $1.key) }
            return .success(ChangeBatch(changes: ordered, revision: state.revision))
        }
    }

    private func apply(_ batch: [Transaction], to state: inout State) -> ([Outcome], Bool) {
        let conflicts = batch.map { transaction -> Outcome? in
            for condition in transaction.conditions {
                let current = Self.entry(condition.key, state.versions[condition.key]?.last)
                switch condition {
                case .absent where current == nil: continue
                case .unchanged(_, since: let revision) where current?.modified == revision: continue
                default: return .conflict(condition.key, current: current)
                }
            }
            return nil
        }
        let next = Revision(rawValue: state.revision.rawValue + 1)
        var isChanged = false
        for (transaction, conflict) in zip(batch, conflicts) where conflict == nil {
            for write in transaction.writes {
                let current = Self.entry(write.key, state.versions[write.key]?.last)
                switch write {
                case .put(let key, let value):
                    state.versions[key, default: []].append(Version(revision: next, created: current?.created ?? next, value: value))
                    isChanged = true
                case .delete(let key) where current != nil:
                    state.versions[key, default: []].append(Version(revision: next, created: .zero, value: nil))
                    isChanged = true
                case .delete: break
                }
            }
        }
        if isChanged {
            state.revision = next
            if next.rawValue > historyLimit { compact(&state, through: Revision(rawValue: next.rawValue - historyLimit)) }
        }
        let committed = Outcome.committed(state.revision)
        return (conflicts.map { $0 ?? committed }, isChanged)
    }

    private func compact(_ state: inout State, through horizon: Revision) {
        state.horizon = horizon
        state.versions = state.versions.compactMapValues { versions in
            var kept = versions.filter { $0.revision > horizon }
            if let base = versions.last(where: { $0.revision <= horizon }), base.value != nil { kept.insert(base, at: 0) }
            return kept.isEmpty ? nil : kept
        }
    }

    private static func entry(_ key: Key, _ version: Version?) -> Entry? {
        guard let version, let value = version.value else { return nil }
        return Entry(key: key, value: value, created: version.created, modified: version.revision)
    }

    private static func check(_ wanted: Revision, _ state: State) throws(StoreError) {
        if wanted < state.horizon { throw .compacted(oldest: state.horizon) }
        if wanted > state.revision { throw .notReached(wanted, current: state.revision) }
    }
}
