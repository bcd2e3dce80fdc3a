import Primitives

/// A place in the pools of a subnet.
struct PoolPosition: Sendable, Hashable {
    var pool = 0
    var offset: UInt32 = 0
}

/// Where the searches for free addresses go on: at a cursor as long as there are addresses that nobody ever had, then with the address that
/// has been free for longest. However full a pool is, a search looks at a few records only.
struct PoolSearches: Sendable {
    /// By `IPv4Prefix.number`, as the queues.
    private var cursors = NumberTable<PoolPosition>()
    /// A queue is made when its pools have no fresh address left.
    private var queues = NumberTable<FreeQueue>()
    /// Of the prefixes that have a queue, each once.
    private var lengths: [Int] = []
    /// Records that searches have looked at: what they cost.
    var steps: UInt64 = 0

    /// Where the search for an address that nobody ever had goes on.
    subscript(_ prefix: IPv4Prefix) -> PoolPosition {
        get { cursors[prefix.number] ?? PoolPosition() }
        set { cursors[prefix.number] = newValue }
    }

    func hasQueue(_ prefix: IPv4Prefix) -> Bool { !lengths.isEmpty && queues[prefix.number] != nil }

    mutating func begin(_ queue: FreeQueue, _ prefix: IPv4Prefix) {
        queues[prefix.number] = queue
        if !lengths.contains(prefix.length) { lengths.append(prefix.length) }
    }

    /// Looks at the queue of a prefix from its beginning, where what has been free for longest stands.
    mutating func search(_ prefix: IPv4Prefix, _ body: (inout FreeQueue) -> IPv4Address?) -> IPv4Address? {
        queues.update(prefix.number, body) ?? nil
    }

    /// What stands at the beginning of a prefix's queue, without a change of it.
    func front(of prefix: IPv4Prefix, most: Int, _ isWanted: (FreeQueue.Element) -> Bool) -> [IPv4Address] {
        queues[prefix.number]?.front(most, isWanted) ?? []
    }

    /// From when on an address is free; `nil` for always.
    mutating func note(_ address: IPv4Address, freeFrom: Int64?) {
        for length in lengths {
            guard let prefix = IPv4Prefix(containing: address, length: length) else { continue }
            _ = queues.update(prefix.number) { $0.add(address, freeFrom: freeFrom ?? .min) }
        }
    }

    mutating func forget() { self = PoolSearches() }
}

extension IPv4Prefix {
    /// For tables by subnet: no two subnets in force have the same prefix.
    var number: UInt64 { UInt64(network.value) << 8 | UInt64(truncatingIfNeeded: length) }
}

/// Addresses in the order in which they become free: a binary heap. What is no longer true of an address stays in it until it comes first.
struct FreeQueue: Sendable {
    struct Element: Sendable {
        var freeFrom: Int64
        var address: IPv4Address
    }

    private var heap: [Element] = []
    /// How many addresses it was made of: when changes have made it several times as long, it is made anew.
    private let addresses: Int

    init(_ elements: [Element]) {
        // Sorted is a heap already.
        heap = elements.sorted { $0.freeFrom < $1.freeFrom }
        addresses = elements.count
    }

    var isOvergrown: Bool { heap.count > 4 * addresses + 1024 }
    var first: Element? { heap.first }

    mutating func add(_ address: IPv4Address, freeFrom: Int64) {
        var index = heap.count
        heap.append(Element(freeFrom: freeFrom, address: address))
        while index > 0, heap[(index - 1) / 2].freeFrom > heap[index].freeFrom {
            heap.swapAt((index - 1) / 2, index)
            index = (index - 1) / 2
        }
    }

    /// The first wanted addresses in order, each once; of what is not wanted a few are passed.
    func front(_ most: Int, _ isWanted: (Element) -> Bool) -> [IPv4Address] {
        var found: [IPv4Address] = []
        var next = heap.isEmpty ? [] : [0]
        for _ in 0..<4 * most where found.count < most {
            guard let place = next.indices.min(by: { heap[next[$0]].freeFrom < heap[next[$1]].freeFrom }) else { break }
            let index = next.remove(at: place)
            if isWanted(heap[index]), !found.contains(heap[index].address) { found.append(heap[index].address) }
            next += [2 * index + 1, 2 * index + 2].filter { $0 < heap.count }
        }
        return found
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].freeFrom < heap[least].freeFrom { least = child }
            guard least != index else { return }
            heap.swapAt(least, index)
            index = least
        }
    }
}
