import Store
import TestSupport
import Testing

/// A store under test, and what must outlive it.
struct Subject {
    let store: any BlockingStore
    let keepsAlive: TemporaryDirectory?
}

/// Every implementation, made anew for each check with a history of a given length.
enum Implementation: String, CaseIterable, CustomTestStringConvertible {
    case sqlite, memory

    func make(historyLimit: Int = 10_000) throws -> Subject {
        switch self {
        case .sqlite:
            let directory = try TemporaryDirectory()
            let store = try SQLiteStore(directory: directory.path, options: .init(historyLimit: historyLimit))
            return Subject(store: store, keepsAlive: directory)
        case .memory:
            return Subject(store: MemoryStore(historyLimit: historyLimit), keepsAlive: nil)
        }
    }

    var testDescription: String { rawValue }
}

extension Subject {
    /// Commits one transaction that must succeed.
    @discardableResult
    func must(_ transaction: Transaction, _ location: SourceLocation = #_sourceLocation) async throws -> Revision {
        let outcome = try await store.commit(transaction)
        guard case .committed(let revision) = outcome else {
            Issue.record("expected a commit, found \(outcome)", sourceLocation: location)
            return .zero
        }
        return revision
    }

    /// Puts a key whatever it holds now.
    @discardableResult
    func put(_ key: Key, _ text: String) async throws -> Revision {
        let value = Array(text.utf8)
        if let entry = try await store.get(key) { return try await must(.replace(entry, with: value)) }
        return try await must(.create(key, value))
    }

    @discardableResult
    func delete(_ key: Key) async throws -> Revision {
        let entry = try #require(try await store.get(key))
        return try await must(.delete(entry))
    }
}

extension Entry {
    var text: String { String(decoding: value, as: UTF8.self) }
}

extension Page {
    /// `key=value` of each entry, which reads well in a failure.
    var lines: [String] { entries.map { "\($0.key)=\($0.text)" } }
}

extension ChangeBatch {
    var lines: [String] {
        changes.map { change in
            switch change {
            case .put(let entry): "\(entry.key)=\(entry.text)@\(entry.modified)"
            case .deleted(let key, at: let revision): "\(key) deleted@\(revision)"
            }
        }
    }
}

/// One promise of `Store`: what it says, and how to see it kept.
struct ContractCheck: CustomTestStringConvertible, Sendable {
    let sentence: String
    let historyLimit: Int
    let body: @Sendable (Subject) async throws -> Void

    init(_ sentence: String, historyLimit: Int = 10_000, _ body: @escaping @Sendable (Subject) async throws -> Void) {
        (self.sentence, self.historyLimit, self.body) = (sentence, historyLimit, body)
    }

    var testDescription: String { sentence }
}

@Suite("Every implementation keeps the contract of Store", .timeLimit(.minutes(2)))
struct StoreContract {
    @Test("Commits", arguments: Implementation.allCases, ContractCheck.commits)
    func commits(_ implementation: Implementation, _ check: ContractCheck) async throws {
        try await check.body(implementation.make(historyLimit: check.historyLimit))
    }

    @Test("Reads", arguments: Implementation.allCases, ContractCheck.reads)
    func reads(_ implementation: Implementation, _ check: ContractCheck) async throws {
        try await check.body(implementation.make(historyLimit: check.historyLimit))
    }

    @Test("Watches", arguments: Implementation.allCases, ContractCheck.watches)
    func watches(_ implementation: Implementation, _ check: ContractCheck) async throws {
        try await check.body(implementation.make(historyLimit: check.historyLimit))
    }
}
