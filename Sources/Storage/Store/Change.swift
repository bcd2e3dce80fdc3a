/// What happened to one key.
package enum Change: Hashable, Sendable {
    case put(Entry)
    case deleted(Key, at: Revision)

    package var key: Key {
        switch self {
        case .put(let entry): entry.key
        case .deleted(let key, at: _): key
        }
    }

    package var revision: Revision {
        switch self {
        case .put(let entry): entry.modified
        case .deleted(_, at: let revision): revision
        }
    }
}

/// The changes of one or more whole revisions, in order of revision, then key: a reader that applies a batch is at `revision` exactly.
package struct ChangeBatch: Hashable, Sendable {
    package let changes: [Change]
    /// Everything up to here has been told; at least the revision of the last change. Watch again after this one.
    package let revision: Revision

    package init(changes: [Change], revision: Revision) {
        (self.changes, self.revision) = (changes, revision)
    }
}
