/// A write, and what it is on condition of.
package struct ConditionalWrite: Sendable, Hashable {
    package var condition: Transaction.Condition
    package var write: Transaction.Write
    package init(_ condition: Transaction.Condition, _ write: Transaction.Write) { (self.condition, self.write) = (condition, write) }
}

extension BatchRule {
    /// How many writes one batch takes, when they are small.
    package static let maximumBatchWrites = maximumTransactions * maximumWrites

    /// In order, in as few batches as the rules allow; the writes of one transaction happen together or not at all. No key twice. What is too
    /// large alone is the store's to refuse.
    package static func pack(_ writes: [ConditionalWrite]) -> [[Transaction]] {
        var batches: [[Transaction]] = []
        var (batchBytes, bytes) = (maximumBatchBytes, maximumTransactionBytes)
        for write in writes {
            let size = write.bytes
            if batchBytes + size > maximumBatchBytes {
                batches.append([])
                (batchBytes, bytes) = (0, maximumTransactionBytes)
            }
            let isFull = batches[batches.count - 1].last.map { $0.writes.count == maximumWrites || bytes + size > maximumTransactionBytes } ?? true
            if isFull, batches[batches.count - 1].count == maximumTransactions {
                batches.append([])
                batchBytes = 0
            }
            let batch = batches.count - 1
            if isFull {
                batches[batch].append(Transaction(if: [], then: []))
                bytes = 0
            }
            let transaction = batches[batch].count - 1
            batches[batch][transaction].conditions.append(write.condition)
            batches[batch][transaction].writes.append(write.write)
            (batchBytes, bytes) = (batchBytes + size, bytes + size)
        }
        return batches
    }
}

extension ConditionalWrite {
    /// As `BatchRule` counts them: the key is compared and written.
    fileprivate var bytes: Int {
        var bytes = condition.key.byteCount + write.key.byteCount
        if case .put(_, let value) = write { bytes += value.count }
        return bytes
    }
}
