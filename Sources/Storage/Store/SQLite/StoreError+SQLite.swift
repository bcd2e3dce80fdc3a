import GRDB

/// What SQLite says, in the store's words.
extension StoreError {
    /// An error while opening a file that has our header.
    static func opening(_ path: String, _ error: any Error) -> StoreError {
        if let known = error as? StoreError { return known }
        guard let error = error as? DatabaseError else { return .cannotOpen(path: path, detail: "\(error)") }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_ERROR:
            // SQLITE_ERROR: a table of ours is not there.
            return .corrupt(path: path, detail: describe(error))
        default:
            return .cannotOpen(path: path, detail: describe(error))
        }
    }

    /// An error after which nothing has changed: in a read, or in a write before COMMIT.
    static func definite(_ error: any Error) -> StoreError {
        if let known = error as? StoreError { return known }
        return .unavailable(detail: describe(error))
    }

    /// An error of COMMIT itself: the log may or may not have reached the disk.
    static func unknown(_ error: any Error) -> StoreError { .outcomeUnknown(detail: describe(error)) }

    private static func describe(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
    }
}
