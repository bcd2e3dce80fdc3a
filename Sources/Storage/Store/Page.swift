/// How much of a prefix one read returns, and where it begins.
package struct PageRequest: Hashable, Sendable {
    package static let maximumLimit = 1000
    /// A page ends early once its values reach this size, so that a thousand large values do not fill the memory.
    package static let maximumBytes = 4 << 20

    /// Only keys behind this one; `nil` begins at the first.
    package let after: Key?
    /// At most this many entries, 1 to 1000; a number outside is moved to the nearer end.
    package let limit: Int

    package init(after: Key? = nil, limit: Int = PageRequest.maximumLimit) {
        self.after = after
        self.limit = min(max(limit, 1), Self.maximumLimit)
    }
}

/// Entries in key order, all as of one revision.
package struct Page: Hashable, Sendable {
    package let entries: [Entry]
    /// The revision read; ask for the next page at the same one.
    package let revision: Revision
    /// What to ask for next; `nil` when this page is the last.
    package let next: PageRequest?

    package init(entries: [Entry], revision: Revision, next: PageRequest?) {
        (self.entries, self.revision, self.next) = (entries, revision, next)
    }
}
