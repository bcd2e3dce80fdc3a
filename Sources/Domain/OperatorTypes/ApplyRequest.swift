/// `bennu apply`: the files as the operator named them.
package struct ApplyRequest: Codable, Sendable, Hashable {
    package struct SourceText: Codable, Sendable, Hashable {
        package var path: String
        package var text: String
        package init(path: String, text: String) { (self.path, self.text) = (path, text) }
    }
    package var files: [SourceText]
    /// Judge, and change nothing.
    package var dryRun: Bool
    package init(files: [SourceText], dryRun: Bool) { (self.files, self.dryRun) = (files, dryRun) }
}

/// What `apply` did, or every mistake that kept it from doing anything.
package struct ApplyResult: Codable, Sendable, Hashable {
    package struct Change: Codable, Sendable, Hashable {
        package enum Kind: String, Codable, Sendable { case created, changed, unchanged, removed }
        package var kind: Kind
        /// `Host/r1u7`.
        package var document: String
        package init(kind: Kind, document: String) { (self.kind, self.document) = (kind, document) }
    }
    package struct Mistake: Codable, Sendable, Hashable {
        package var file: String
        /// From 1.
        package var line: Int
        package var column: Int
        /// Inside the document: `spec.bridges[0].ports`.
        package var path: String
        package var message: String
        package var hint: String?
        package init(file: String, line: Int, column: Int, path: String, message: String, hint: String?) {
            (self.file, self.line, self.column, self.path, self.message, self.hint) = (file, line, column, path, message, hint)
        }
    }
    /// What is no mistake, and what the author should know: that a guest stands in the way of a method of upgrading, for one.
    package struct Note: Codable, Sendable, Hashable {
        package var file: String
        /// From 1.
        package var line: Int
        /// Inside the document: `spec.xml`.
        package var path: String
        package var message: String
        package init(file: String, line: Int, path: String, message: String) {
            (self.file, self.line, self.path, self.message) = (file, line, path, message)
        }
    }
    package var revision: UInt64
    package var changes: [Change]
    package var mistakes: [Mistake]
    /// About all documents that were sent, changed or not; `nil` beside mistakes, and from a server that makes none.
    package var notes: [Note]?
    package init(revision: UInt64, changes: [Change], mistakes: [Mistake], notes: [Note]? = nil) {
        (self.revision, self.changes, self.mistakes, self.notes) = (revision, changes, mistakes, notes)
    }
}

/// A document as it is in force: `bennu document list`.
package struct DocumentSummary: Codable, Sendable, Hashable {
    package var kind: String
    package var name: String
    package var text: String
    package init(kind: String, name: String, text: String) { (self.kind, self.name, self.text) = (kind, name, text) }
}
