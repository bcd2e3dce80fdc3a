/// Why the store did not do what was asked. After every case but `outcomeUnknown` nothing has changed.
package enum StoreError: Error, Hashable {
    /// The batch breaks a rule; nothing was touched.
    case refused(BatchViolation)
    /// That revision is no longer kept; `oldest` is the oldest that is. Read again at the present.
    case compacted(oldest: Revision)
    /// That revision is beyond the store's: kept from another store, or from before a restore.
    case notReached(Revision, current: Revision)
    /// The commit may or may not have happened. Commit the same again: it commits, or the conflict shows what is there.
    case outcomeUnknown(detail: String)
    /// A definite failure (disk full, store closed, input or output error); trying later may succeed.
    case unavailable(detail: String)

    /// Another process holds the directory; `pid` is the one it wrote down, if that could be read.
    case dataDirectoryInUse(path: String, pid: Int32?)
    case cannotOpen(path: String, detail: String)
    /// The file is none of ours: left as it was.
    case notAStore(path: String, found: String)
    /// The file was ours but is damaged: left as it was.
    case corrupt(path: String, detail: String)
    /// A later release wrote it: left as it was.
    case newerSchema(path: String, found: Int, known: Int)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let violation): "the store refused the batch: \(violation)"
        case .compacted(let oldest): "the revision is no longer kept, the oldest is \(oldest); read again at the present"
        case .notReached(let revision, let current):
            "the store is at revision \(current) and was asked for \(revision), which is another store's or from before a restore"
        case .outcomeUnknown(let detail): "whether the commit happened is unknown (\(detail)); commit the same again"
        case .unavailable(let detail): "the store is unavailable: \(detail)"
        case .dataDirectoryInUse(let path, let pid):
            "cannot open the data directory \(path): process \(pid.map(String.init) ?? "(unknown)") holds it; stop that one first"
        case .cannotOpen(let path, let detail): "cannot open \(path): \(detail)"
        case .notAStore(let path, let found): "cannot open the store \(path): \(found); name another data directory"
        case .corrupt(let path, let detail): "cannot open the store \(path): it is damaged (\(detail)); restore a backup"
        case .newerSchema(let path, let found, let known):
            "cannot open the store \(path): it has schema \(found), this release knows up to \(known); use the release that wrote it"
        }
    }
}
