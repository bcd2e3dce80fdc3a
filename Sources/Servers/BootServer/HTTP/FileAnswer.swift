import Fleet
import FleetModel
import NIOHTTP1

/// The answer to a request for a file: status, fields and which bytes; `Transfer` sends them.
struct FileAnswer: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Named by its digest, so it never changes.
        case blob
        /// Named by what firmware asks for, so it changes with an upgrade of the server.
        case bootFile(String)
    }

    var blob: PublishedBlob
    var boot: BootID?
    var kind: Kind

    enum Outcome: Sendable, Hashable {
        case notModified
        case unsatisfiable
        case bytes(Range<Int64>, isPartial: Bool)
    }

    /// Strong: the digest is the content.
    var entityTag: String { "\"\(blob.digest)\"" }

    var fields: [(String, String)] {
        var fields = [("ETag", entityTag), ("Accept-Ranges", "bytes")]
        switch kind {
        case .blob: fields.append(("Cache-Control", "public, max-age=31536000, immutable"))
        case .bootFile: fields.append(("Cache-Control", "no-cache"))
        }
        return fields
    }

    var contentType: String {
        // UEFI HTTP boot takes the kind of file from here (UEFI specification, "HTTP Boot").
        if case .bootFile(let name) = kind, name.lowercased().hasSuffix(".efi") { return "application/efi" }
        return "application/octet-stream"
    }

    /// RFC 9110 section 13.2.2: If-None-Match first, then Range under If-Range.
    func outcome(_ headers: HTTPHeaders) -> Outcome {
        let known = headers[canonicalForm: "if-none-match"]
        if known.contains("*") || known.contains(where: { $0 == entityTag || $0 == "W/\(entityTag)" }) { return .notModified }
        let ranges = headers["range"]
        if let condition = headers.first(name: "if-range"), condition != entityTag { return .bytes(0..<blob.size, isPartial: false) }
        switch ByteRange(ranges.count == 1 ? ranges.first : nil, size: blob.size) {
        case .whole: return .bytes(0..<blob.size, isPartial: false)
        case .part(let range): return .bytes(range, isPartial: true)
        case .unsatisfiable: return .unsatisfiable
        }
    }
}
