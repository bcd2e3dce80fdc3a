/// Writes the small part of YAML that our documents need: block mappings and lists, with every text that could be read otherwise in quotes.
struct YAMLWriter {
    private(set) var text = ""

    /// `name: value` at a depth of two spaces each; nothing when there is no value.
    mutating func field(_ name: String, _ value: String?, depth: Int) {
        if let value { line("\(Self.scalar(name)): \(Self.scalar(value))", depth: depth) }
    }

    mutating func open(_ name: String, depth: Int) { line("\(Self.scalar(name)):", depth: depth) }

    /// `name:` and one line for each item; nothing for an empty list.
    mutating func list(_ name: String, _ items: [String], depth: Int) {
        guard !items.isEmpty else { return }
        open(name, depth: depth)
        for item in items { line("- \(Self.scalar(item))", depth: depth + 1) }
    }

    /// A list of mappings, each field a finished value; absent ones are left out.
    mutating func list(_ name: String, of items: [[(name: String, value: String?)]], depth: Int) {
        guard !items.isEmpty else { return }
        open(name, depth: depth)
        for item in items {
            for (index, field) in item.compactMap({ field in field.value.map { (field.name, $0) } }).enumerated() {
                line("\(index == 0 ? "- " : "  ")\(field.0): \(field.1)", depth: depth + 1)
            }
        }
    }

    mutating func emptyList(_ name: String, depth: Int) { line("\(Self.scalar(name)): []", depth: depth) }

    private mutating func line(_ content: String, depth: Int) {
        text += String(repeating: "  ", count: depth) + content + "\n"
    }

    /// `[a, b]`.
    static func flow(_ items: [String]) -> String { "[\(items.map { scalar($0) }.joined(separator: ", "))]" }

    /// A text as a scalar that every YAML reader takes for text: plain where nothing else could be meant, otherwise in double quotes
    /// (YAML 1.2, section 7.3.1).
    static func scalar(_ text: String) -> String {
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        let marks = Set("/._-@+".utf8)
        let beginsPlain = text.utf8.first.map { Rules.isAlphanumeric($0) && !(48...57).contains($0) || $0 == UInt8(ascii: "/") } ?? false
        let bytes = Array(text.utf8)
        let isPlain = bytes.enumerated().allSatisfy { index, byte in
            if Rules.isAlphanumeric(byte) || marks.contains(byte) { return true }
            // A colon inside a word separates nothing; at its end it would.
            return byte == UInt8(ascii: ":") && index + 1 < bytes.count
        }
        return beginsPlain && isPlain && !words.contains(text.lowercased()) ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case " "..."~": result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
            }
        }
        return result + "\""
    }
}
