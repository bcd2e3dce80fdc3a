/// The fields of one mapping, by name. Fields that hold nothing count as absent.
struct Fields {
    let owner: Cursor
    fileprivate let values: [String: Cursor]

    subscript(_ name: String) -> Cursor? { values[name] }

    /// Reports `.missingField` when it is absent. `example` is what could be written.
    func required(_ name: String, example: String) -> Cursor? {
        if let value = values[name] { return value }
        let missing = Cursor(node: owner.node, path: owner.path.isEmpty ? name : "\(owner.path).\(name)", reading: owner.reading)
        missing.report(.missingField, "this field is required and missing", hint: "write \(name): \(example)")
        return nil
    }

    /// Reports `.conflictingFields` at the second of two fields that exclude each other.
    func exclude(_ first: String, _ second: String, because reason: String) {
        guard values[first] != nil, let later = values[second] else { return }
        later.report(.conflictingFields, "\(second) cannot be given together with \(first): \(reason)", hint: "remove one of them")
    }
}

extension Cursor {
    /// The fields of a mapping. Reports every unknown one with the nearest known name, and every repeated one; `nil` when this is no
    /// mapping.
    func fields(_ known: [String]) -> Fields? {
        guard let entries = entries(expecting: "a mapping with fields like \(known.prefix(3).joined(separator: ", "))") else { return nil }
        var values: [String: Cursor] = [:]
        for (name, value, key) in entries {
            guard known.contains(name) else {
                let near = NearestName.of(name, among: known)
                let hint = near.map { "did you mean \($0)?" } ?? "known fields: \(known.joined(separator: ", "))"
                value.report(.unknownField, "unknown field \"\(name.prefix(60))\"", hint: hint, at: key.position)
                continue
            }
            if !value.node.isNull { values[name] = value }
        }
        return Fields(owner: self, values: values)
    }

    /// Every field of a mapping with free names, in the order written. Reports repeated names; `nil` when this is no mapping.
    func entries(expecting expectation: String) -> [(name: String, value: Cursor, key: YAMLNode)]? {
        guard case .mapping(let pairs, _) = node.value else {
            wrongType(expectation)
            return nil
        }
        var seen: [String: SourcePosition] = [:]
        var entries: [(String, Cursor, YAMLNode)] = []
        for (key, value) in pairs {
            guard case .scalar(let name, _) = key.value else {
                report(.wrongType, "expected the name of a field, found \(key.summary)", at: key.position)
                continue
            }
            let cursor = field(name, value)
            if let first = seen[name] {
                cursor.report(
                    .duplicateField, "this field was already given on line \(first.line)", hint: "remove one of them", at: key.position)
                continue
            }
            seen[name] = key.position
            entries.append((name, cursor, key))
        }
        return entries
    }

    func wrongType(_ expectation: String) { report(.wrongType, "expected \(expectation), found \(node.summary)") }
}
