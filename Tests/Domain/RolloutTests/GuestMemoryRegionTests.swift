import HostContract
import Rollout
import Testing

@Suite("Memory for guests is placed from the host's own memory map")
struct GuestMemoryRegionTests {
    static let mebibyte: UInt64 = 1 << 20

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// First and last MiB of each range of RAM, the last one not in it.
        var memory: [(UInt64, UInt64)]
        var asked: Int
        var expected: Result<String, GuestMemoryRefusal>
    }

    static let rows: [Row] = [
        Row(
            testDescription: "the first fit above 4 GiB", memory: [(0, 3072), (4096, 17408)], asked: 2048,
            expected: .success("memmap=2048M!4096M")),
        Row(
            testDescription: "a range above 4 GiB that begins between two units", memory: [(1, 3000), (4100, 9000)], asked: 1024,
            expected: .success("memmap=1024M!4224M")),
        Row(
            testDescription: "the whole of a range above 4 GiB", memory: [(0, 2048), (4096, 6144)], asked: 2048,
            expected: .success("memmap=2048M!4096M")),
        Row(
            testDescription: "the second range above 4 GiB, where the first is too small", memory: [(0, 3072), (4096, 4352), (8192, 12288)],
            asked: 512, expected: .success("memmap=512M!8192M")),
        Row(
            testDescription: "below 4 GiB, where nothing fits above", memory: [(0, 3072), (4096, 4352)], asked: 512,
            expected: .success("memmap=512M!512M")),
        Row(
            testDescription: "a host of 2 GiB keeps its first 512 MiB and the last 384", memory: [(1, 2047)], asked: 1024,
            expected: .success("memmap=1024M!512M")),
        Row(
            testDescription: "ranges in any order", memory: [(8192, 12288), (4096, 6144), (0, 2048)], asked: 512,
            expected: .success("memmap=512M!4096M")),
        Row(
            testDescription: "a host of 2 GiB has no range for 1152 MiB", memory: [(1, 2047)], asked: 1152,
            expected: .failure(.noRange(asked: 1152 << 20, largest: 1024 << 20))),
        Row(
            testDescription: "less than 768 MiB would be left", memory: [(0, 2048)], asked: 1408,
            expected: .failure(.tooLittleMemory(total: 2048 << 20, asked: 1408 << 20))),
        Row(
            testDescription: "more than there is", memory: [(0, 1024)], asked: 1 << 30,
            expected: .failure(.tooLittleMemory(total: 1024 << 20, asked: 1 << 50))),
        Row(
            testDescription: "memory in pieces", memory: (0..<20).map { (UInt64($0) * 200, UInt64($0) * 200 + 100) }, asked: 256,
            expected: .failure(.noRange(asked: 256 << 20, largest: 0))),
        Row(testDescription: "no memory at all", memory: [], asked: 256, expected: .failure(.memoryMapUnknown)),
    ]

    @Test("each map has its one place, or a reason", arguments: rows)
    func placement(row: Row) {
        let map = row.memory.map { Inventory.MemoryRange(start: $0.0 << 20, end: ($0.1 << 20) - 1, kind: "System RAM") }
        let reserved = Inventory.MemoryRange(start: 4096 << 20, end: (64 << 30) - 1, kind: "Reserved")
        let result = Result { () throws(GuestMemoryRefusal) in
            try GuestMemoryRegion.places(mebibytes: row.asked, in: [reserved] + map).map(\.argument).joined(separator: " ")
        }
        #expect(result == row.expected)
    }

    @Test(
        "each node has its share where it has room for it; the first has what does not divide, and regions never touch",
        arguments: [
            ([(0, 0, 10240), (1, 10240, 18432)], 4096, "memmap=2048M!4096M memmap=2048M!10240M"),
            ([(0, 0, 10240), (1, 10240, 18432)], 4224, "memmap=2176M!4096M memmap=2048M!10240M"),
            // In two pieces, as on a host whose first node surrounds the hole below 4 GiB; and out of order.
            ([(7, 10240, 18432), (3, 4096, 10240), (3, 0, 2048)], 1024, "memmap=512M!4096M memmap=512M!10240M"),
            // A node without memory of its own, and one node only.
            ([(0, 0, 18432), (1, 20000, 30000)], 1024, "memmap=1024M!4096M"), ([(0, 0, 18432)], 1024, "memmap=1024M!4096M"),
            ([], 1024, "memmap=1024M!4096M"),
            // One that cannot hold its share, or whose share is none.
            ([(0, 0, 17408), (1, 17408, 18432)], 4096, "memmap=4096M!4096M"), ([(0, 0, 10240), (1, 10240, 18432)], 384, "memmap=384M!4096M"),
            // The last 128 MiB of a node stay free.
            ([(0, 0, 6144), (1, 6144, 18432)], 6144, "memmap=6144M!4096M"),
            ([(0, 0, 6272), (1, 6272, 18432)], 4096, "memmap=2048M!4096M memmap=2048M!6272M"),
        ] as [([(Int, UInt64, UInt64)], Int, String)])
    func nodes(nodes: [(Int, UInt64, UInt64)], asked: Int, expected: String) throws {
        let map = [(0, 3072), (4096, 18432)].map { Inventory.MemoryRange(start: $0.0 << 20, end: ($0.1 << 20) - 1, kind: "System RAM") }
        let regions = try GuestMemoryRegion.places(
            mebibytes: asked, in: map, nodes: nodes.map { Inventory.MemoryNode(number: $0.0, start: $0.1 << 20, end: ($0.2 << 20) - 1) })
        #expect(regions.map(\.argument).joined(separator: " ") == expected)
    }

    static let dangers: [[(UInt64, UInt64)]] = [
        [(0, .max)], [(.max, 0)], [(.max, .max)], [(.max - 1, .max)], [(0, .max), (0, .max)],
    ]

    @Test("no map that a host can send is a danger", arguments: dangers)
    func extremes(ranges: [(UInt64, UInt64)]) {
        let map = ranges.map { Inventory.MemoryRange(start: $0.0, end: $0.1, kind: "System RAM") }
        for asked in [128, 256, 1 << 30, Int.max] {
            let nodes = ranges.enumerated().map { Inventory.MemoryNode(number: .max - $0, start: $1.1, end: $1.0) }
            for nodes in [[], nodes, nodes + [Inventory.MemoryNode(number: -1, start: 0, end: .max)]] {
                let regions = try? GuestMemoryRegion.places(mebibytes: asked, in: map, nodes: nodes)
                #expect((regions ?? []).allSatisfy { $0.start % GuestMemoryRegion.alignment == 0 })
            }
        }
    }

    @Test("a reason says what to do") func reasons() {
        #expect(
            GuestMemoryRefusal.noRange(asked: 1152 << 20, largest: 1 << 30).description
                == "no range of RAM has room for 1152 MiB; ask for guestMemory: 1024MiB or less")
        let all: [GuestMemoryRefusal] = [
            .memoryMapUnknown, .tooLittleMemory(total: 0, asked: 0), .noRange(asked: 0, largest: 0), .argumentGiven("memmap=1G!4G"),
        ]
        #expect(Set(all.map(\.name)).count == all.count)
    }
}
