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

    /// A value to put or (for `nil`) to delete, whatever it was before.
    struct Write {
        var key: Key
        var value: [UInt8]?
        /// The revision that put what is there now, `nil` where nothing is, as far as we know: where that is wrong, it costs another commit.
        var since: Revision?
    }

    /// Writes in as few durable commits as `BatchRule` allows. No key twice.
    /// - Returns: for each write the revision that put what is there now.
    static func writeTogether(_ writes: [Write], in store: any Store) async throws -> [Revision?] {
        var (writes, left) = (writes, Array(writes.indices))
        while !left.isEmpty {
            var (rest, again) = (left[...], [Int]())
            for batch in BatchRule.pack(left.map { writes[$0].conditional }) {
                for (transaction, outcome) in zip(batch, try await store.commit(batch)) {
                    let part = rest.prefix(transaction.writes.count)
                    rest = rest.dropFirst(part.count)
                    switch outcome {
                    case .committed(let revision): for index in part { writes[index].since = writes[index].value.map { _ in revision } }
                    case .conflict: again += part
                    }
                }
            }
            left = []
            for (index, current) in zip(again, again.isEmpty ? [] : try await store.get(again.map { writes[$0].key })) {
                writes[index].since = current?.modified
                if current?.value != writes[index].value { left.append(index) }
            }
        }
        return writes.map(\.since)
    }

    /// Puts or (for `nil`) deletes one value, whatever it was before.
    static func write<Value: Encodable & Sendable>(_ value: Value?, at key: Key, in store: any Store) async throws {
        _ = try await writeTogether([Write(key: key, value: try value.map { try encode($0) })], in: store)
    }
}

/// A value in the store that this version cannot read: damage, or a newer version's.
struct UnreadableEntry: Error, CustomStringConvertible {
    var key: Key
    var cause: String
    var description: String { "cannot read \(key) in the store: \(cause); was it written by a newer bennu?" }
}

extension FleetKeys.Write {
    fileprivate var conditional: ConditionalWrite {
        ConditionalWrite(since.map { .unchanged(key, since: $0) } ?? .absent(key), value.map { .put(key, $0) } ?? .delete(key))
    }
}
