import FleetModel
import Foundation
import Store

/// Where the fleet keeps what, as JSON.
enum FleetKeys {
    static let hosts: KeyPrefix = .under("hosts")
    static let placements: KeyPrefix = .under("placements")
    static let references: KeyPrefix = .under("images/references")
    static let documentHead: Key = "documents/head"

    static func host(_ id: HostID) throws -> Key { try Key(parsing: "hosts/\(id)") }
    static func placement(_ guest: String) throws -> Key { try Key(parsing: "placements/\(guest)") }
    static func reference(_ reference: ImageReference) throws -> Key { try Key(parsing: "images/references/\(reference)") }
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

    /// Puts or (for `nil`) deletes one value, whatever it was before.
    static func write<Value: Encodable & Sendable>(_ value: Value?, at key: Key, in store: any Store) async throws {
        let bytes = try value.map { try encode($0) }
        while true {
            let current = try await store.get(key)
            guard bytes != current?.value else { return }
            let condition: Transaction.Condition = current.map { .unchanged(key, since: $0.modified) } ?? .absent(key)
            let write: Transaction.Write = bytes.map { .put(key, $0) } ?? .delete(key)
            if case .committed = try await store.commit(Transaction(if: [condition], then: [write])) { return }
        }
    }
}

/// A value in the store that this version cannot read: damage, or a newer version's.
struct UnreadableEntry: Error, CustomStringConvertible {
    var key: Key
    var cause: String
    var description: String { "cannot read \(key) in the store: \(cause); was it written by a newer bennu?" }
}
