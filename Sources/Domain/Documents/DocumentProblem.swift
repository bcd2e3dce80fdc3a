/// One mistake in what the operator wrote: where it is, what was expected, what was found.
package struct DocumentProblem: Error, Codable, Sendable, Hashable {
    package var code: Code
    /// As the operator typed it.
    package var file: String
    package var line: Int
    package var column: Int
    /// Inside the document, like `spec.bridges[0].ports`; empty for the document or file as a whole.
    package var path: String
    package var message: String
    /// What to do about it, where that can be told.
    package var hint: String?

    /// Why a document is refused. Stable: tests, counters and programs know it by this name.
    package enum Code: String, Codable, Sendable, CaseIterable {
        case notUTF8 = "not-utf-8"
        case tooLarge = "too-large"
        case tooDeep = "too-deep"
        case tooManyValues = "too-many-values"
        case tooManyProblems = "too-many-problems"
        case aliasBomb = "alias-bomb"
        case unknownAlias = "unknown-alias"
        case explicitTag = "explicit-tag"
        case syntax
        case duplicateField = "duplicate-field"
        case unknownField = "unknown-field"
        case missingField = "missing-field"
        case wrongType = "wrong-type"
        case invalidValue = "invalid-value"
        case conflictingFields = "conflicting-fields"
        case duplicateItem = "duplicate-item"
        case unknownVersion = "unknown-version"
        case unknownKind = "unknown-kind"
        case duplicateDocument = "duplicate-document"
        /// Names a document that does not exist.
        case danglingReference = "dangling-reference"
        /// Two documents claim what only one can have.
        case claimedTwice = "claimed-twice"
        case overlap
        /// A reservation that no subnet holds.
        case outsideSubnets = "outside-subnets"
        /// The server cannot take what is at a path, or nothing is.
        case unusableFile = "unusable-file"
    }

    package init(
        _ code: Code, file: String, at position: SourcePosition, path: String = "", message: String, hint: String? = nil
    ) {
        (self.code, self.file, self.line, self.column) = (code, file, position.line, position.column)
        (self.path, self.message, self.hint) = (path, message, hint)
    }
}

extension DocumentProblem: CustomStringConvertible {
    /// `lab.yaml:12:5: spec.uuid: expected a UUID like …, found "x"; hint`, as compilers print theirs.
    package var description: String {
        "\(file):\(line):\(column): \(path.isEmpty ? "" : "\(path): ")\(message)\(hint.map { "; \($0)" } ?? "")"
    }
}

extension DocumentProblem: Comparable {
    /// By file, then by place.
    package static func < (a: Self, b: Self) -> Bool {
        (a.file, a.line, a.column, a.path, a.message) < (b.file, b.line, b.column, b.path, b.message)
    }
}
