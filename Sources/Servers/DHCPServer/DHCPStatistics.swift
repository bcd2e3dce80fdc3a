import BootPolicy
import DHCPWire
import DatagramIO
import Metrics
import Synchronization

/// What the server has counted since it started. Counters of the metrics backend go along.
///
/// Every message is counted several times, so counting is one addition: no lock, no text, no table.
package final class DHCPStatistics: Sendable {
    package struct Snapshot: Sendable, Hashable, Codable {
        /// By message type: `discover`, `request`, ….
        package var received: [String: UInt64] = [:]
        /// By message type: `offer`, `acknowledgement`, `negative-acknowledgement`.
        package var sent: [String: UInt64] = [:]
        /// By the name of the refusal.
        package var refused: [String: UInt64] = [:]
        /// Commits to the store, and the changes in them: their ratio says how well commits are shared.
        package var commits: UInt64 = 0
        package var committedChanges: UInt64 = 0
        /// Leases and offers in memory, at the last look.
        package var leases: UInt64 = 0
        /// Free addresses that another machine answered for.
        package var conflicts: UInt64 = 0
        /// Datagrams that the kernel dropped at our sockets.
        package var socketDrops: UInt64 = 0
        package init() {}
    }

    private let receivedByType = DHCPMessageType.counted.map { Tally("bennu_dhcp_received", "type", $0.label) }
    private let sentByType = DHCPMessageType.counted.map { Tally("bennu_dhcp_sent", "type", $0.label) }
    private let refusedByReason = DHCPRefusal.allCases.map { Tally("bennu_dhcp_refused", "reason", $0.rawValue) }
    /// A row for each message type, and one for what is none.
    private let refusedByTypeAndReason = (0..<(DHCPMessageType.counted.count + 1) * DHCPRefusal.allCases.count).map { _ in Cell() }
    private let commits = Atomic<UInt64>(0)
    private let committedChanges = Atomic<UInt64>(0)
    private let leases = Atomic<UInt64>(0)
    private let conflicts = Atomic<UInt64>(0)
    let drops = SocketDrops()

    package init() {}

    package var snapshot: Snapshot {
        var snapshot = Snapshot()
        snapshot.received = Tally.named(receivedByType)
        snapshot.sent = Tally.named(sentByType)
        snapshot.refused = Tally.named(refusedByReason)
        snapshot.commits = commits.load(ordering: .relaxed)
        snapshot.committedChanges = committedChanges.load(ordering: .relaxed)
        snapshot.leases = leases.load(ordering: .relaxed)
        snapshot.conflicts = conflicts.load(ordering: .relaxed)
        snapshot.socketDrops = drops.total
        return snapshot
    }

    func received(_ type: DHCPMessageType) { receivedByType[type.countedIndex].add() }
    func sent(_ type: DHCPMessageType) { sentByType[type.countedIndex].add() }
    /// - Parameter type: of the message; `nil` for what is no message of a client.
    func refused(_ refusal: DHCPRefusal, of type: DHCPMessageType?) {
        refusedByReason[refusal.countedIndex].add()
        let row = type.map(\.countedIndex) ?? DHCPMessageType.counted.count
        refusedByTypeAndReason[row * DHCPRefusal.allCases.count + refusal.countedIndex].add()
    }

    /// By message type, then by the name of the refusal; `undecoded` for what is no message of a client.
    package var refusedByMessage: [String: [String: UInt64]] {
        let reasons = DHCPRefusal.allCases
        var table: [String: [String: UInt64]] = [:]
        for (index, cell) in refusedByTypeAndReason.enumerated() {
            let (row, column) = index.quotientAndRemainder(dividingBy: reasons.count)
            let name = row < DHCPMessageType.counted.count ? DHCPMessageType.counted[row].label : "undecoded"
            let count = cell.count.load(ordering: .relaxed)
            if count > 0 { table[name, default: [:]][reasons[column].rawValue] = count }
        }
        return table
    }

    func committed(_ changes: Int) {
        commits.add(1, ordering: .relaxed)
        committedChanges.add(UInt64(clamping: changes), ordering: .relaxed)
    }

    func foundConflict() { conflicts.add(1, ordering: .relaxed) }

    func holding(_ count: Int) { leases.store(UInt64(clamping: count), ordering: .relaxed) }
}

/// One number that only grows.
private final class Cell: Sendable {
    let count = Atomic<UInt64>(0)
    func add() { count.add(1, ordering: .relaxed) }
}

/// One number that only grows, and its counter in the metrics backend.
private final class Tally: Sendable {
    private let name: String
    private let counter: Counter
    private let count = Atomic<UInt64>(0)

    init(_ label: String, _ dimension: String, _ value: String) {
        name = value
        counter = Counter(label: label, dimensions: [(dimension, value)])
    }

    func add() {
        count.add(1, ordering: .relaxed)
        counter.increment()
    }

    /// Those that have counted something.
    static func named(_ tallies: [Tally]) -> [String: UInt64] {
        tallies.reduce(into: [:]) { table, tally in
            let count = tally.count.load(ordering: .relaxed)
            if count > 0 { table[tally.name] = count }
        }
    }
}

extension DHCPRefusal {
    private static let indexes = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
    fileprivate var countedIndex: Int { Self.indexes[self] ?? 0 }
}

extension DHCPMessageType {
    /// The types of RFC 2132, and one for all others: a stranger cannot make new counters.
    fileprivate static let counted = (0...8 as ClosedRange<UInt8>).map(DHCPMessageType.init(rawValue:))
    fileprivate var countedIndex: Int { rawValue <= 8 ? Int(rawValue) : 0 }

    /// For counters and the timeline.
    var label: String {
        switch self {
        case .discover: "discover"
        case .offer: "offer"
        case .request: "request"
        case .decline: "decline"
        case .acknowledgement: "acknowledgement"
        case .negativeAcknowledgement: "negative-acknowledgement"
        case .release: "release"
        case .inform: "inform"
        default: "other"
        }
    }
}
