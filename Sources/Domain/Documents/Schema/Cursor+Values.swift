import Primitives

extension Cursor {
    /// The text of a scalar exactly as written: numbers and words like `no` are text here, so nothing is lost on the way.
    func text(expecting expectation: String = "text") -> String? {
        guard case .scalar(let text, _) = node.value, !node.isNull else {
            wrongType(expectation)
            return nil
        }
        return text
    }

    /// A scalar that `parse` understands; otherwise `.invalidValue` with what was expected.
    func parsed<Value>(_ expectation: String, hint: String? = nil, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(expecting: expectation) else { return nil }
        guard let value = parse(text) else {
            report(.invalidValue, "expected \(expectation), found \(node.summary)", hint: hint)
            return nil
        }
        return value
    }

    func value<Value: StringCodable>(_: Value.Type = Value.self) -> Value? { parsed(Value.expectation) { Value($0) } }

    func integer(in range: ClosedRange<Int>, _ what: String = "a whole number") -> Int? {
        parsed("\(what) from \(range.lowerBound) to \(range.upperBound)") { text in
            guard let number = Int(text), range.contains(number), String(number) == text else { return nil }
            return number
        }
    }

    func flag() -> Bool? { parsed("true or false") { ["true": true, "false": false][$0] } }

    /// Every item of a list that `read` accepts; the others have reported why not.
    func list<Value>(of what: String, _ read: (Cursor) -> Value?) -> [Value] {
        guard case .sequence(let nodes, _) = node.value else {
            let hint: String? = if case .scalar = node.value { "write it as a list: [\(node.summary.prefix(40))]" } else { nil }
            report(.wrongType, "expected a list of \(what), found \(node.summary)", hint: hint)
            return []
        }
        return nodes.enumerated().compactMap { read(item($0.offset, $0.element)) }
    }

    /// A list whose items must differ in what `key` says. Reports `.duplicateItem` at the later one.
    func list<Value>(of what: String, uniqueBy key: (Value) -> String, _ read: (Cursor) -> Value?) -> [Value] {
        var seen: [String: String] = [:]
        return list(of: what) { item in
            guard let value = read(item) else { return nil }
            let name = key(value)
            if let first = seen[name] {
                item.report(.duplicateItem, "\"\(name.prefix(60))\" is already in \(first)", hint: "remove one of them")
                return nil
            }
            seen[name] = item.path
            return value
        }
    }

    func list<Value: StringCodable>(of what: String, _: Value.Type = Value.self) -> [Value] {
        list(of: what, uniqueBy: \.description) { $0.value(Value.self) }
    }
}
