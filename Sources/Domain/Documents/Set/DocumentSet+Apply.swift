extension DocumentSet {
    /// What became of files that an operator wants to apply.
    package enum Application: Sendable, Hashable {
        /// The whole set afterwards, and the documents that the files held.
        case accepted(DocumentSet, applied: [Document])
        /// Every mistake; nothing changes.
        case refused([DocumentProblem])
    }

    /// All documents of all files over this set, or everything that is wrong with them.
    ///
    /// References are checked only when every file could be read: what a broken document would have defined would be missed everywhere
    /// else.
    package func applying(_ files: [SourceFile]) -> Application {
        let parsed = DocumentParser.parse(files: files)
        guard parsed.problems.isEmpty else { return .refused(parsed.problems) }
        let merged = merging(parsed.documents)
        let problems = merged.validate()
        return problems.isEmpty ? .accepted(merged, applied: parsed.documents) : .refused(problems)
    }
}
