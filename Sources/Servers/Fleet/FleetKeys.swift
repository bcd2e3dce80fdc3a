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
        for start in stride(from: 0, to: values.count, by: BatchRule.maximumBatchWrites) {
            var left = Array(values[start..<min(start + BatchRule.maximumBatchWrites, values.count)])
            while !left.isEmpty { left = try await write(left, in: store) }
        }
    }

    /// Returns what somebody else wrote meanwhile.
    private static func write(_ values: [(Key, [UInt8]?)], in store: any Store) async throws -> [(Key, [UInt8]?)] {
        var changes: [ConditionalWrite] = []
        var wanted: [Key: [UInt8]?] = [:]
        for ((key, bytes), current) in zip(values, try await store.get(values.map(\.0))) {
            guard bytes != current?.value else { continue }
            let condition: Transaction.Condition = current.map { .unchanged(key, since: $0.modified) } ?? .absent(key)
            changes.append(ConditionalWrite(condition, bytes.map { .put(key, $0) } ?? .delete(key)))
            wanted.updateValue(bytes, forKey: key)
        }
        var left: [(Key, [UInt8]?)] = []
        for batch in BatchRule.pack(changes) {
            for (transaction, outcome) in zip(batch, try await store.commit(batch)) {
                guard case .conflict = outcome else { continue }
                left += transaction.writes.map { ($0.key, wanted[$0.key] ?? nil) }
            }
        }
        return left
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
