/// Writes that happen together if every condition holds, or not at all.
///
/// At least one condition, so that committing the same transaction again settles an outcome that was unknown: it commits now, or the
/// conflict shows the value that is there (a nonce in the value tells ours from another's).
package struct Transaction: Hashable, Sendable {
    package var conditions: [Condition]
    package var writes: [Write]

    package init(if conditions: [Condition], then writes: [Write]) {
        (self.conditions, self.writes) = (conditions, writes)
    }

    package enum Condition: Hashable, Sendable {
        /// The key has no value.
        case absent(Key)
        /// The key has a value, and the last put of it was at this revision.
        case unchanged(Key, since: Revision)

        package var key: Key {
            switch self {
            case .absent(let key), .unchanged(let key, since: _): key
            }
        }
    }

    package enum Write: Hashable, Sendable {
        case put(Key, [UInt8])
        /// To delete what is not there is no change and no error.
        case delete(Key)

        package var key: Key {
            switch self {
            case .put(let key, _), .delete(let key): key
            }
        }
    }
}

extension Transaction {
    /// Makes a key that must not be there yet.
    package static func create(_ key: Key, _ value: [UInt8]) -> Transaction {
        Transaction(if: [.absent(key)], then: [.put(key, value)])
    }

    /// Gives a new value to a key that nobody changed since `entry` was read.
    package static func replace(_ entry: Entry, with value: [UInt8]) -> Transaction {
        Transaction(if: [.unchanged(entry.key, since: entry.modified)], then: [.put(entry.key, value)])
    }

    /// Deletes a key that nobody changed since `entry` was read.
    package static func delete(_ entry: Entry) -> Transaction {
        Transaction(if: [.unchanged(entry.key, since: entry.modified)], then: [.delete(entry.key)])
    }
}

/// What became of one transaction.
package enum Outcome: Hashable, Sendable {
    /// Durable at this revision, which all transactions of the batch share.
    case committed(Revision)
    /// Nothing of this transaction happened: the first condition that did not hold was about this key, which has this value now.
    case conflict(Key, current: Entry?)
}
