import Store
import Testing

@Suite("Writes are packed into as few batches as the rules allow")
struct BatchPackTests {
    private func writes(_ count: Int, bytes: Int) throws -> [ConditionalWrite] {
        try (0..<count).map { index in
            let key = try Key(parsing: "pack/\(index)")
            return ConditionalWrite(.absent(key), .put(key, [UInt8](repeating: 1, count: bytes)))
        }
    }

    @Test(
        "in order, each of them once, and no batch breaks a rule",
        arguments: [(0, 10), (1, 10), (64, 10), (65, 10), (4096, 10), (4097, 10), (10_000, 300), (5, 500 << 10), (70, 100 << 10), (9, 256 << 10)])
    func packs(count: Int, bytes: Int) throws {
        let all = try writes(count, bytes: bytes)
        let batches = BatchRule.pack(all)
        for batch in batches { try BatchRule.check(batch) }
        #expect(batches.flatMap { $0 }.flatMap(\.writes) == all.map(\.write))
        #expect(batches.flatMap { $0 }.flatMap(\.conditions) == all.map(\.condition))
        #expect(batches.count <= max(count * (bytes + 20) / (512 << 10), (count + 4095) / 4096) + 1)
    }

    @Test("what is too large alone is a batch of its own, which the store refuses")
    func tooLarge() throws {
        let batches = BatchRule.pack(try writes(3, bytes: 2 << 20))
        #expect(batches.map(\.count) == [1, 1, 1])
        for batch in batches { #expect(throws: StoreError.self) { try BatchRule.check(batch) } }
    }
}
