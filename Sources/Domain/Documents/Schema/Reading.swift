/// One document while it is being read: where problems and the places of values are collected.
final class Reading {
    let file: String
    private(set) var problems: [DocumentProblem] = []
    /// Places of the values that other documents may quarrel with, by path.
    var marks: [String: SourcePosition] = [:]

    init(file: String) { self.file = file }

    func report(_ problem: DocumentProblem) { problems.append(problem) }
}

/// A value of a document with the path that leads to it.
struct Cursor {
    let node: YAMLNode
    let path: String
    let reading: Reading

    func report(_ code: DocumentProblem.Code, _ message: String, hint: String? = nil, at position: SourcePosition? = nil) {
        reading.report(
            DocumentProblem(code, file: reading.file, at: position ?? node.position, path: path, message: message, hint: hint))
    }

    /// Remembers where this value is, for the checks over all documents.
    func mark() -> Cursor {
        reading.marks[path] = node.position
        return self
    }

    /// A field of this mapping. Names that would read as a path are quoted: `spec.sysctls["net.ipv4.ip_forward"]`.
    func field(_ name: String, _ value: YAMLNode) -> Cursor {
        let isPlain = name.utf8.allSatisfy { Rules.isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        let step = isPlain ? (path.isEmpty ? name : ".\(name)") : "[\"\(name.prefix(60))\"]"
        return Cursor(node: value, path: path + step, reading: reading)
    }

    func item(_ index: Int, _ value: YAMLNode) -> Cursor { Cursor(node: value, path: "\(path)[\(index)]", reading: reading) }
}
