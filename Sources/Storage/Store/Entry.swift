/// One key with its value, as of some revision.
package struct Entry: Hashable, Sendable {
    package let key: Key
    package let value: [UInt8]
    /// The revision that made the key; a key that was deleted and put again was made by the later put.
    package let created: Revision
    /// The revision of the last put: what `Condition.unchanged(_:since:)` compares.
    package let modified: Revision

    package init(key: Key, value: [UInt8], created: Revision, modified: Revision) {
        (self.key, self.value, self.created, self.modified) = (key, value, created, modified)
    }
}
