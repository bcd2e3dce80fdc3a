/// Why the journal could not be opened or read.
package enum JournalError: Error, Hashable {
    case cannotOpen(path: String, detail: String)
    /// Another program's file, or a damaged one: left as it was. Boot events can be spared: move it away, and a new one is made.
    case notAJournal(path: String, found: String)
    /// A later release wrote it: left as it was.
    case newerSchema(path: String, found: Int, known: Int)
    case unavailable(detail: String)
}

extension JournalError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let path, let detail): "cannot open the journal \(path): \(detail)"
        case .notAJournal(let path, let found): "cannot open the journal \(path): \(found); move it away, and a new one is made"
        case .newerSchema(let path, let found, let known):
            "cannot open the journal \(path): it has schema \(found), this release knows up to \(known); use the release that wrote it"
        case .unavailable(let detail): "the journal is unavailable: \(detail)"
        }
    }
}
