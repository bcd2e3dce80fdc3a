/// One value of a YAML document with its place in the file.
struct YAMLNode: Sendable {
    indirect enum Value: Sendable {
        /// The text as written, quotes and escapes undone. What it means, the schema says: `1`, `no` and `52:54:00:12:34:56` stay text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode], isFlow: Bool)
        case mapping([(key: YAMLNode, value: YAMLNode)], isFlow: Bool)
    }

    var value: Value
    var position: SourcePosition
    /// From the first Unicode scalar of the value to the end of its last, in the document's own text.
    var span: Range<Int>

    /// Nothing was written, or `~` or `null` (YAML 1.2, section 10.3.2).
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = value else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What it is, for a message that says what was found.
    var summary: String {
        switch value {
        case .scalar where isNull: return "nothing"
        case .scalar(let text, _):
            let line = text.prefix { $0 != "\n" }.prefix(60)
            return "\"\(line)\(line.utf8.count < text.utf8.count ? "…" : "")\""
        case .sequence(let nodes, _): return nodes.isEmpty ? "an empty list" : "a list"
        case .mapping(let fields, _): return fields.isEmpty ? "an empty mapping" : "a mapping"
        }
    }
}
