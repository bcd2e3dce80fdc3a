import Store
import Testing

/// A generator that repeats: SplitMix64.
struct RepeatableGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// The store as a person would explain it: every state there ever was, whole.
struct StoreModel {
    private(set) var states: [[Key: Entry]] = [[:]]

    var present: [Key: Entry] { states[states.count - 1] }
    var revision: Revision { Revision(rawValue: UInt64(states.count - 1)) }

    mutating func commit(_ batch: [Transaction]) -> [Outcome] {
        let before = present
        let next = Revision(rawValue: revision.rawValue + 1)
        var after = before
        var isChanged = false
        var conflicts: [Outcome?] = []
        for transaction in batch {
            let failed = transaction.conditions.first { condition in
                switch condition {
                case .absent(let key): before[key] != nil
                case .unchanged(let key, let since): before[key]?.modified != since
                }
            }
            conflicts.append(failed.map { .conflict($0.key, current: before[$0.key]) })
            if failed != nil { continue }
            for write in transaction.writes {
                switch write {
                case .put(let key, let value):
                    after[key] = Entry(key: key, value: value, created: before[key]?.created ?? next, modified: next)
                    isChanged = true
                case .delete(let key):
                    if after.removeValue(forKey: key) != nil { isChanged = true }
                }
            }
        }
        if isChanged { states.append(after) }
        let committed = Outcome.committed(revision)
        return conflicts.map { $0 ?? committed }
    }
}

@Suite("Random transactions")
struct StoreModelTests {
    static let keys: [Key] = ["a", "a/b", "a/c", "a-b", "b", "b/a", "b/a/c", "c"]

    @Test("leave every implementation as they leave the model", arguments: Implementation.allCases, [UInt64(1), 2, 3, 4])
    func model(_ implementation: Implementation, _ seed: UInt64) async throws {
        let historyLimit = 20
        let subject = try implementation.make(historyLimit: historyLimit)
        var generator = RepeatableGenerator(state: seed)
        var model = StoreModel()
        var watched: [Key: Entry] = [:]
        var watch = subject.store.changes(.all, after: .zero).makeAsyncIterator()
        for _ in 0..<150 {
            let batch = Self.batch(model.present, &generator)
            let before = model.revision
            #expect(try await subject.store.commit(batch) == model.commit(batch))
            #expect(try await subject.store.currentRevision() == model.revision)
            if model.revision > before { Self.apply(try #require(try await watch.next()), to: &watched) }
            #expect(watched == model.present)
            try await compare(subject, model, at: UInt64.random(in: 0...model.revision.rawValue, using: &generator), historyLimit)
        }
    }

    private func compare(_ subject: Subject, _ model: StoreModel, at revision: UInt64, _ historyLimit: Int) async throws {
        let horizon = max(Int(model.revision.rawValue) - historyLimit, 0)
        do {
            let page = try await subject.store.readAll(.all, at: Revision(rawValue: revision))
            #expect(page.entries == model.states[Int(revision)].values.sorted { $0.key < $1.key })
            #expect(revision >= horizon)
        } catch StoreError.compacted(let oldest) {
            #expect(oldest.rawValue == UInt64(horizon) && revision < horizon)
        }
    }

    /// One to four transactions over disjoint keys; half of their conditions are true, as near as chance takes it.
    private static func batch(_ present: [Key: Entry], _ generator: inout RepeatableGenerator) -> [Transaction] {
        var free = keys.shuffled(using: &generator)
        return (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            let own = (0..<Int.random(in: 1...2, using: &generator)).compactMap { _ in free.popLast() }
            let conditions = own.map { key -> Transaction.Condition in
                if let entry = present[key], Int.random(in: 0..<4, using: &generator) > 0 {
                    return .unchanged(key, since: entry.modified)
                }
                return Int.random(in: 0..<4, using: &generator) > 0 ? .absent(key) : .unchanged(key, since: .zero)
            }
            let writes = own.map { key -> Transaction.Write in
                Int.random(in: 0..<3, using: &generator) == 0 ? .delete(key) : .put(key, [.random(in: 0...9, using: &generator)])
            }
            return Transaction(if: conditions, then: writes)
        }
    }

    private static func apply(_ batch: ChangeBatch, to state: inout [Key: Entry]) {
        for change in batch.changes {
            switch change {
            case .put(let entry): state[entry.key] = entry
            case .deleted(let key, at: _): state[key] = nil
            }
        }
    }
}
