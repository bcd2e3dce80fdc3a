/// A file of documents: its path as the operator typed it, and its text.
package struct SourceFile: Codable, Sendable, Hashable {
    package var path: String
    package var text: String

    /// Bytes of UTF-8 that one file may have.
    package static let maximumBytes = 8 << 20

    package init(path: String, text: String) { (self.path, self.text) = (path, text) }

    /// Fails with `.notUTF8`, naming the line of the first byte that is not UTF-8 text.
    package init(path: String, bytes: [UInt8]) throws(DocumentProblem) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            // Repairing puts U+FFFD at the first bad byte; a file that holds one of its own further up is named too early by that much.
            let repaired = String(decoding: bytes, as: UTF8.self)
            let before = repaired.unicodeScalars.prefix { $0 != "\u{fffd}" }
            throw DocumentProblem(
                .notUTF8, file: path, at: SourcePosition(line: before.count { $0 == "\n" } + 1, column: 1),
                message: "this is not UTF-8 text",
                hint: "convert the file to UTF-8")
        }
        self.init(path: path, text: text)
    }
}

/// A place in a file, both counted from 1; columns in Unicode scalars.
package struct SourcePosition: Codable, Sendable, Hashable, Comparable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) { (self.line, self.column) = (line, column) }

    package static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }
}
