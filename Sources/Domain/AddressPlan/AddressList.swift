import Primitives

/// The addresses of one NIC, in the order in which it got them. Nearly always one, which then needs no memory of its own.
struct AddressList: Sendable, RandomAccessCollection {
    private let first: IPv4Address
    private var others: [IPv4Address] = []

    init(_ address: IPv4Address) { first = address }

    private init(first: IPv4Address, others: [IPv4Address]) { (self.first, self.others) = (first, others) }

    var startIndex: Int { 0 }
    var endIndex: Int { others.count + 1 }
    subscript(index: Int) -> IPv4Address { index == 0 ? first : others[index - 1] }

    mutating func append(_ address: IPv4Address) { others.append(address) }

    /// The list without the address; `nil` when nothing is left.
    func without(_ address: IPv4Address) -> AddressList? {
        guard first == address else { return AddressList(first: first, others: others.filter { $0 != address }) }
        guard let next = others.first else { return nil }
        return AddressList(first: next, others: Array(others.dropFirst()))
    }
}
