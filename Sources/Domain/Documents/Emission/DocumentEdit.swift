/// Changes one field of a document's `spec` and leaves the rest of the operator's text as it is, comments included.
package enum DocumentEdit {
    /// The new value of a field.
    package enum Value: Sendable, Hashable {
        case text(String)
        case list([String])
        /// The field goes, with its line.
        case removed
    }

    /// `source` with one field of its spec set; `nil` when the text is not written so that this can be done safely (a spec in braces),
    /// or is not YAML.
    /// The result is parsed again before it is returned: what comes back holds exactly the value asked for.
    package static func setting(_ field: String, to value: Value, in source: String) -> String? {
        guard let fields = specFields(of: source) else { return nil }
        var scalars = Array(source.unicodeScalars)
        guard fields.allSatisfy({ scalars.indices.contains($0.key.span.lowerBound) && $0.value.span.upperBound <= scalars.count }) else {
            return nil
        }
        if let index = fields.firstIndex(where: { name($0.key) == field }) {
            let (key, old) = fields[index]
            let start = key.span.lowerBound
            if value == .removed {
                // The only field of a spec cannot go: nothing would be left to indent.
                guard fields.count > 1, let lines = lines(from: start, through: old.span.upperBound, in: scalars) else { return nil }
                scalars.removeSubrange(lines)
            } else {
                scalars.replaceSubrange(start..<max(old.span.upperBound, key.span.upperBound), with: line(field, value).unicodeScalars)
            }
        } else if value != .removed, let first = fields.first?.key {
            let indentation = String(repeating: " ", count: first.position.column - 1)
            scalars.insert(contentsOf: "\(line(field, value))\n\(indentation)".unicodeScalars, at: first.span.lowerBound)
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        let result = String(text)
        return holds(field, value, result) ? result : nil
    }

    private static func line(_ field: String, _ value: Value) -> String {
        switch value {
        case .text(let text): "\(field): \(YAMLWriter.scalar(text))"
        case .list(let items): "\(field): \(YAMLWriter.flow(items))"
        case .removed: ""
        }
    }

    /// The block mapping under `spec`, whose keys each begin a line.
    private static func specFields(of source: String) -> [(key: YAMLNode, value: YAMLNode)]? {
        guard let root = try? YAMLComposer.compose(YAMLSource(text: source, firstLine: 1), file: ""),
            case .mapping(let top, isFlow: false) = root.value,
            let spec = top.first(where: { name($0.key) == "spec" })?.value, case .mapping(let fields, isFlow: false) = spec.value
        else { return nil }
        return fields
    }

    private static func name(_ node: YAMLNode) -> String? {
        guard case .scalar(let text, _) = node.value else { return nil }
        return text
    }

    /// Whole lines that hold this range; `nil` when something else stands before it on its first line.
    private static func lines(from start: Int, through end: Int, in scalars: [Unicode.Scalar]) -> Range<Int>? {
        let first = scalars[..<start].lastIndex(of: "\n").map { $0 + 1 } ?? 0
        guard scalars[first..<start].allSatisfy({ $0 == " " }) else { return nil }
        // A block scalar's span ends after its last line break.
        if end > start, scalars[end - 1] == "\n" { return first..<end }
        let last = scalars[end...].firstIndex(of: "\n").map { $0 + 1 } ?? scalars.count
        return first..<last
    }

    private static func holds(_ field: String, _ value: Value, _ source: String) -> Bool {
        guard let fields = specFields(of: source) else { return false }
        let node = fields.first { name($0.key) == field }?.value
        switch (value, node?.value) {
        case (.removed, nil): return true
        case (.text(let wanted), .scalar(let found, _)): return wanted == found
        case (.list(let wanted), .sequence(let nodes, _)): return nodes.map(name) == wanted.map(Optional.some)
        default: return false
        }
    }
}
