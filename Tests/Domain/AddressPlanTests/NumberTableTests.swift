import Primitives
import Testing

@testable import AddressPlan

@Suite struct NumberTableTests {
    @Test("Numbers in a row lie near their places, whatever the factor of the table", arguments: [0x0a2c_0100, 0x5254_0000_0000] as [UInt64])
    func row(first: UInt64) {
        // One factor in twenty had four places looked at for each number, and one in a hundred fifteen.
        for _ in 0..<200 {
            var table = NumberTable<UInt64>()
            for key in first..<first + 1344 { table[key] = key }
            let mask = table.slots.count - 1
            let steps = table.slots.indices.reduce(0) { steps, slot in
                guard table.slots[slot].isUsed else { return steps }
                return steps + ((slot - table.home(table.mix(table.keys[table.slots[slot].index]))) & mask)
            }
            #expect(steps < 1344, "\(Double(steps) / 1344) steps for each number")
        }
    }

    @Test("It holds what was put into it and not taken out again")
    func contents() {
        var generator = SystemRandomNumberGenerator()
        var (table, model) = (NumberTable<Int>(), [UInt64: Int]())
        for step in 0..<20_000 {
            let key = UInt64.random(in: 0..<700, using: &generator) << 16
            if step % 3 == 0 {
                table[key] = nil
                model[key] = nil
            } else {
                table[key] = step
                model[key] = step
            }
        }
        #expect(table.count == model.count)
        #expect((0..<700 as Range<UInt64>).allSatisfy { table[$0 << 16] == model[$0 << 16] && table[$0 << 16 | 1] == nil })
        #expect(Dictionary(uniqueKeysWithValues: zip(table.keys, table.values)) == model)
    }
}
