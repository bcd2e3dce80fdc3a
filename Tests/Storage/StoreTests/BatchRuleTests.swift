import Store
import Testing

@Suite("A batch that breaks a rule")
struct BatchRuleTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let batch: [Transaction]
        let violation: BatchViolation

        init(_ name: String, _ batch: [Transaction], _ violation: BatchViolation) {
            (testDescription, self.batch, self.violation) = (name, batch, violation)
        }
    }

    static func keys(_ count: Int, _ prefix: String = "k") -> [Key] { (0..<count).compactMap { Key("\(prefix)/\($0)") } }

    static let rows: [Row] = [
        Row("no condition", [.create("a", []), Transaction(if: [], then: [.put("b", [])])], .noCondition(transaction: 1)),
        Row(
            "65 writes", [Transaction(if: [.absent("a")], then: keys(65).map { .put($0, []) })],
            .tooManyWrites(transaction: 0, count: 65)),
        Row(
            "65 conditions", [Transaction(if: keys(65).map { .absent($0) }, then: [])],
            .tooManyConditions(transaction: 0, count: 65)),
        Row("65 transactions", keys(65).map { .create($0, []) }, .tooManyTransactions(count: 65)),
        Row(
            "a byte more than 512 KiB", [.create("a", [UInt8](repeating: 0, count: (512 << 10) - 1))],
            .transactionTooLarge(transaction: 0, bytes: (512 << 10) + 1)),
        Row(
            "three transactions of 400 KiB", keys(3).map { .create($0, [UInt8](repeating: 0, count: (400 << 10) - 6)) },
            .batchTooLarge(bytes: 1200 << 10)),
        Row("one key written by two", [.create("a", [1]), .create("a", [2])], .keyTouchedTwice("a")),
        Row("one key written twice by one", [Transaction(if: [.absent("a")], then: [.put("a", []), .delete("a")])], .keyTouchedTwice("a")),
        Row(
            "a key written by one, compared by another",
            [.create("a", []), Transaction(if: [.absent("a")], then: [.put("b", [])])], .keyTouchedTwice("a")),
        Row(
            "a key compared by one, written by a later one",
            [Transaction(if: [.absent("a")], then: [.put("b", [])]), .create("a", [])], .keyTouchedTwice("a")),
    ]

    @Test("is refused by name before anything is touched", arguments: Implementation.allCases, rows)
    func refused(_ implementation: Implementation, _ row: Row) async throws {
        let subject = try implementation.make()
        await #expect(throws: StoreError.refused(row.violation)) { try await subject.store.commit(row.batch) }
        #expect(try await subject.store.currentRevision() == .zero)
        #expect(try await subject.store.readAll(.all).entries.isEmpty)
    }

    @Test("is not one at the limit itself", arguments: Implementation.allCases)
    func atTheLimit(_ implementation: Implementation) async throws {
        let subject = try implementation.make()
        try await subject.must(Transaction(if: Self.keys(64).map { .absent($0) }, then: Self.keys(64).map { .put($0, []) }))
        try await subject.must(.create("a", [UInt8](repeating: 0, count: (512 << 10) - 2)))
        let outcomes = try await subject.store.commit(Self.keys(64, "n").map { .create($0, []) })
        #expect(Set(outcomes) == [.committed(Revision(rawValue: 3))])
    }
}
