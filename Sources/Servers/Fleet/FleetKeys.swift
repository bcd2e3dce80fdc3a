import Crypto
import FleetModel
import Foundation
import Primitives
import Store

/// Where the fleet keeps what, as JSON.
enum FleetKeys {
    static let hosts: KeyPrefix = .under("hosts")
    static let placements: KeyPrefix = .under("placements")
    static let references: KeyPrefix = .under("images/references")
    static let models: KeyPrefix = .under("models")
    static let documentHead: Key = "documents/head"

    static func host(_ id: HostID) throws -> Key { try Key(parsing: "hosts/\(id)") }
    static func placement(_ guest: String) throws -> Key { try Key(parsing: "placements/\(guest)") }
    static func reference(_ reference: ImageReference) throws -> Key { try Key(parsing: "images/references/\(reference)") }
    /// By a digest: what a board's maker writes may hold anything.
    static func model(_ model: HardwareModel) throws -> Key {
        try Key(parsing: "models/\(Hexadecimal.encode(SHA256.hash(data: try encode(model)).prefix(16)))")
    }
    static func content(_ digest: String) throws -> Key { try Key(parsing: "documents/content/\(digest)") }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from entry: Entry) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(entry.value))
        } catch {
            throw UnreadableEntry(key: entry.key, cause: "\(error)")
        }
    }

    /// Puts or (for `nil`) deletes values, whatever they were before, in as few durable commits as `BatchRule` allows. No key twice.
    static func writeTogether(_ values: [(Key, [UInt8]?)], in store: any Store) async throws {
        var left = values[...]
        while !left.isEmpty {
            var bytes = 0
            let batch = left.prefix(BatchRule.maximumTransactions).prefix { key, value in
                // The key is written and compared.
                bytes += (value?.count ?? 0) + 2 * key.description.utf8.count
                return bytes <= BatchRule.maximumBatchBytes
            }
            // What is too large alone is the store's to refuse.
            let taken = max(1, batch.count)
            try await writeBatch(Array(left.prefix(taken)), in: store)
            left = left.dropFirst(taken)
        }
    }

    private static func writeBatch(_ values: [(Key, [UInt8]?)], in store: any Store) async throws {
        var left = values
        while !left.isEmpty {
            var batch: [Transaction] = []
            var keys: [(Key, [UInt8]?)] = []
            for (key, bytes) in left {
                let current = try await store.get(key)
                guard bytes != current?.value else { continue }
                let condition: Transaction.Condition = current.map { .unchanged(key, since: $0.modified) } ?? .absent(key)
                batch.append(Transaction(if: [condition], then: [bytes.map { .put(key, $0) } ?? .delete(key)]))
                keys.append((key, bytes))
            }
            guard !batch.isEmpty else { return }
            let outcomes = try await store.commit(batch)
            left = zip(keys, outcomes).compactMap { key, outcome in
                if case .conflict = outcome { key } else { nil }
            }
        }
    }

    /// Puts or (for `nil`) deletes one value, whatever it was before.
    static func write<Value: Encodable & Sendable>(_ value: Value?, at key: Key, in store: any Store) async throws {
        try await writeTogether([(key, try value.map { try encode($0) })], in: store)
    }
}

/// A value in the store that this version cannot read: damage, or a newer version's.
struct UnreadableEntry: Error, CustomStringConvertible {
    var key: Key
    var cause: String
    var description: String { "cannot read \(key) in the store: \(cause); was it written by a newer bennu?" }
}
