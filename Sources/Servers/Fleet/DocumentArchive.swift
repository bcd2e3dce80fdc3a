import Crypto
import Documents
import Foundation
import Primitives
import Store

/// How documents are kept: content by digest, pages of a manifest by digest, and one head that names the manifest.
/// A revision is a manifest; only the head is ever compared and set, so a revision of any size needs no large transaction.
struct DocumentArchive {
    let store: any Store

    struct Head: Codable {
        var revision: UInt64
        var manifest: String
        /// Files that the documents name, by their paths there; absent where there are none.
        var loaders: [String: LoaderFile]?
    }
    /// Digests of pages of at most `pageSize` items.
    private struct Manifest: Codable { var pages: [String] }
    private struct Item: Codable {
        var document: String
        /// Digests of its pieces.
        var content: [String]
    }
    private static let pageSize = 1000
    /// Bytes; a transaction may hold twice as much.
    private static let pieceSize = 256 << 10

    func load() async throws -> (documents: DocumentSet, loaders: [String: LoaderFile], revision: UInt64) {
        guard let entry = try await store.get(FleetKeys.documentHead) else { return (DocumentSet(), [:], 0) }
        let head = try FleetKeys.decode(Head.self, from: entry)
        var files: [SourceFile] = []
        for page in try await decoded(Manifest.self, head.manifest).pages {
            let items = try await decoded([Item].self, page)
            var pieces = try await contents(items.flatMap(\.content))[...]
            for item in items {
                let text = Array(pieces.prefix(item.content.count).joined())
                pieces = pieces.dropFirst(item.content.count)
                files.append(SourceFile(path: "\(item.document) (in force)", text: String(decoding: text, as: UTF8.self)))
            }
        }
        let result = DocumentParser.parse(files: files)
        if let problem = result.problems.first {
            throw UnreadableEntry(key: FleetKeys.documentHead, cause: "\(problem)")
        }
        return (DocumentSet(result.documents), head.loaders ?? [:], head.revision)
    }

    /// Makes `documents` the revision after `revision`; `nil` when somebody else was faster.
    /// - Parameter loaders: the files that they name, which are durable already.
    func save(_ documents: DocumentSet, loaders: [String: LoaderFile], after revision: UInt64) async throws -> UInt64? {
        let current = try await store.get(FleetKeys.documentHead)
        let head = try current.map { try FleetKeys.decode(Head.self, from: $0) }
        guard (head?.revision ?? 0) == revision else { return nil }

        var contents: [[UInt8]] = []
        var counts: [Int] = []
        let sorted = documents.sorted
        for document in sorted {
            let text = Array(document.source.utf8)
            let starts = stride(from: 0, to: max(text.count, 1), by: Self.pieceSize)
            contents += starts.map { Array(text[$0..<min($0 + Self.pieceSize, text.count)]) }
            counts.append(Array(starts).count)
        }
        var digests = try await put(contents)[...]
        var items: [Item] = []
        for (document, count) in zip(sorted, counts) {
            items.append(Item(document: document.key.description, content: Array(digests.prefix(count))))
            digests = digests.dropFirst(count)
        }
        var pages: [String] = []
        for start in stride(from: 0, to: items.count, by: Self.pageSize) {
            pages.append(try await put(try FleetKeys.encode(Array(items[start..<min(start + Self.pageSize, items.count)]))))
        }
        let manifest = try await put(try FleetKeys.encode(Manifest(pages: pages)))
        let bytes = try FleetKeys.encode(Head(revision: revision + 1, manifest: manifest, loaders: loaders.isEmpty ? nil : loaders))
        let transaction = current.map { Transaction.replace($0, with: bytes) } ?? Transaction.create(FleetKeys.documentHead, bytes)
        guard case .committed = try await store.commit(transaction) else { return nil }
        return revision + 1
    }

    /// Puts contents under their digests, as many in one commit as the store takes. That one is there already is success: the same digest
    /// is the same content.
    private func put(_ contents: [[UInt8]]) async throws -> [String] {
        let digests = contents.map { Hexadecimal.encode(SHA256.hash(data: $0)) }
        var seen: Set<String> = []
        var wanted: [(key: Key, content: [UInt8])] = []
        for (digest, content) in zip(digests, contents) where seen.insert(digest).inserted { wanted.append((try FleetKeys.content(digest), content)) }
        for start in stride(from: 0, to: wanted.count, by: BatchRule.maximumBatchWrites) {
            let part = wanted[start..<min(start + BatchRule.maximumBatchWrites, wanted.count)]
            let missing = zip(part, try await store.get(part.map(\.key))).filter { $1 == nil }.map(\.0)
            for batch in BatchRule.pack(missing.map { ConditionalWrite(.absent($0.key), .put($0.key, $0.content)) }) {
                for (transaction, outcome) in zip(batch, try await store.commit(batch)) {
                    guard case .conflict = outcome, transaction.writes.count > 1 else { continue }
                    // Somebody else puts the same: each by itself then.
                    _ = try await store.commit(zip(transaction.conditions, transaction.writes).map { Transaction(if: [$0], then: [$1]) })
                }
            }
        }
        return digests
    }

    private func put(_ bytes: [UInt8]) async throws -> String { try await put([bytes]).joined() }

    private func contents(_ digests: [String]) async throws -> [[UInt8]] {
        let keys = try digests.map { try FleetKeys.content($0) }
        return try zip(keys, try await store.get(keys)).map { key, entry in
            guard let entry else { throw UnreadableEntry(key: key, cause: "it is missing") }
            return entry.value
        }
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ digest: String) async throws -> Value {
        let entry = try await store.get(try FleetKeys.content(digest))
        guard let entry else { throw UnreadableEntry(key: try FleetKeys.content(digest), cause: "it is missing") }
        return try FleetKeys.decode(type, from: entry)
    }
}
