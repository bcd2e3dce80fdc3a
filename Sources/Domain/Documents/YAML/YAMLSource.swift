/// The text of one document of a file, between the `---` lines around it.
struct YAMLSource: Sendable {
    /// Exactly the bytes between the markers.
    var text: String
    /// The line of the file, from 1, that the text begins at.
    var firstLine: Int

    /// The documents of a stream, without those that hold nothing but comments.
    ///
    /// No content line may begin with `---` or `...` at column 0 (YAML 1.2, section 9.1.2), so a cut at these lines is right in every
    /// context, and a syntax error in one document does not hide the mistakes of the next.
    static func split(_ text: String) -> [YAMLSource] {
        var bytes = ArraySlice(text.utf8)
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        var sources: [YAMLSource] = []
        var start = bytes.startIndex
        var firstLine = 1
        var line = 1
        var hasContent = false

        func cut(at end: Int) {
            guard hasContent else { return }
            sources.append(YAMLSource(text: String(decoding: bytes[start..<end], as: UTF8.self), firstLine: firstLine))
        }

        var position = bytes.startIndex
        while position < bytes.endIndex {
            let lineEnd = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            let content = bytes[position..<lineEnd]
            let next = min(lineEnd + 1, bytes.endIndex)
            if let rest = afterMarker(content) {
                cut(at: position)
                hasContent = !isIgnorable(rest)
                // A marker with content behind it (`--- {…}`) is part of the document's text; alone it is not.
                (start, firstLine) = hasContent ? (position, line) : (next, line + 1)
            } else if !hasContent && !isIgnorable(content) {
                hasContent = true
            }
            position = next
            line += 1
        }
        cut(at: bytes.endIndex)
        return sources
    }

    /// What follows a document marker; `nil` when the line is none.
    private static func afterMarker(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard line.starts(with: Array("---".utf8)) || line.starts(with: Array("...".utf8)) else { return nil }
        let rest = line.dropFirst(3)
        guard let first = rest.first else { return rest }
        return isBlank(first) ? rest : nil
    }

    /// Blank, a comment or a directive (`%YAML 1.2`).
    private static func isIgnorable(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first(where: { !isBlank($0) }) else { return true }
        return first == UInt8(ascii: "#") || (first == UInt8(ascii: "%") && line.first == first)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
}
