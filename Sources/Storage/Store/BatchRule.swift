/// What a batch may ask for: no more than one etcd request can carry (128 operations at any depth, 1.5 MiB with its framing).
///
/// The transactions of one batch are judged against the state before the batch, share its revision, and touch no key twice: a key that
/// one of them writes is neither written nor compared by another (a comparison would be with a state that no longer holds). Comparing
/// the same key in several transactions that leave it alone is harmless, and allowed.
package enum BatchRule {
    package static let maximumTransactions = 64
    package static let maximumBatchBytes = 1 << 20
    package static let maximumConditions = 64
    package static let maximumWrites = 64
    /// Keys and values of one transaction.
    package static let maximumTransactionBytes = 512 << 10

    /// Throws `.refused` with the first violation. Every implementation asks this before it touches anything.
    package static func check(_ batch: [Transaction]) throws(StoreError) {
        guard batch.count <= maximumTransactions else { throw .refused(.tooManyTransactions(count: batch.count)) }
        var batchBytes = 0
        for (index, transaction) in batch.enumerated() {
            batchBytes += try check(transaction, index: index)
        }
        guard batchBytes <= maximumBatchBytes else { throw .refused(.batchTooLarge(bytes: batchBytes)) }
        try checkKeys(of: batch)
    }

    private static func check(_ transaction: Transaction, index: Int) throws(StoreError) -> Int {
        let (conditions, writes) = (transaction.conditions.count, transaction.writes.count)
        guard conditions > 0 else { throw .refused(.noCondition(transaction: index)) }
        guard conditions <= maximumConditions else { throw .refused(.tooManyConditions(transaction: index, count: conditions)) }
        guard writes <= maximumWrites else { throw .refused(.tooManyWrites(transaction: index, count: writes)) }
        var bytes = 0
        for condition in transaction.conditions { bytes += condition.key.byteCount }
        for write in transaction.writes {
            bytes += write.key.byteCount
            if case .put(_, let value) = write { bytes += value.count }
        }
        guard bytes <= maximumTransactionBytes else { throw .refused(.transactionTooLarge(transaction: index, bytes: bytes)) }
        return bytes
    }

    private static func checkKeys(of batch: [Transaction]) throws(StoreError) {
        var writer: [Key: Int] = [:]
        writer.reserveCapacity(batch.reduce(0) { $0 + $1.writes.count })
        for (index, transaction) in batch.enumerated() {
            for write in transaction.writes where writer.updateValue(index, forKey: write.key) != nil {
                throw .refused(.keyTouchedTwice(write.key))
            }
        }
        for (index, transaction) in batch.enumerated() {
            for (place, condition) in transaction.conditions.enumerated() {
                // Most compare what they write, in the same order.
                if place < transaction.writes.count, transaction.writes[place].key == condition.key { continue }
                if let other = writer[condition.key], other != index { throw .refused(.keyTouchedTwice(condition.key)) }
            }
        }
    }
}

/// Which rule a batch breaks. `transaction` counts from 0.
package enum BatchViolation: Error, Hashable {
    case tooManyTransactions(count: Int)
    case batchTooLarge(bytes: Int)
    case noCondition(transaction: Int)
    case tooManyConditions(transaction: Int, count: Int)
    case tooManyWrites(transaction: Int, count: Int)
    case transactionTooLarge(transaction: Int, bytes: Int)
    case keyTouchedTwice(Key)
}
