/// When the write-ahead log is moved into the file.
///
/// SQLite would do it within the commit that finds 1,000 pages in the log, and every lease in that commit would wait for two synchronizations
/// more. Another connection does it beside the writer; but as long as commits follow one another, there is always something left in the
/// log, which then does not begin anew. So now and then one commit does it after all, where little is left to do.
struct CheckpointPlan {
    enum Action { case nothing, beside, here }

    /// Pages in the log that make it worth it; SQLite's own default.
    static let pages = 1000
    /// 64 MiB: so large may the log become.
    static let mostPages = 16 * 1024

    private var next = pages

    /// - Parameter pages: in the log after a commit.
    mutating func action(after pages: Int) -> Action {
        // It has begun anew.
        if pages < next - Self.pages { next = Self.pages }
        guard pages >= next else { return .nothing }
        next = pages + Self.pages
        return pages < Self.mostPages ? .beside : .here
    }
}
