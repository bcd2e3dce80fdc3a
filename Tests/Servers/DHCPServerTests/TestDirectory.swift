import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import DatagramIO
import Fleet
import FleetModel
import Primitives
import Synchronization
import Testing

/// A fleet that knows one boot of every host, and keeps what it is told.
final class TestDirectory: BootDirectory {
    private struct State {
        var subnets: SubnetTable
        var sightings: [Sighting] = []
        var events: [BootEvent] = []
        var known: Set<HardwareAddress> = []
    }

    static let host = HostID(unchecked: "aaaaaaaaaaaaaaaa")
    static let boot = BootID(unchecked: "bbbbbbbbbbbbbbbb")
    private let state: Mutex<State>
    private let recorded: WakeUp
    private let onSight = Mutex<(@Sendable () -> Void)?>(nil)

    /// Has the server wait in `body` with each message that it looks at.
    func whenSighted(_ body: (@Sendable () -> Void)?) { onSight.withLock { $0 = body } }

    init(_ plans: [SubnetPlan]) throws {
        state = Mutex(State(subnets: SubnetTable(generation: 1, subnets: plans)))
        recorded = try WakeUp()
    }

    /// Until so many events of this name are there.
    func wait(for name: String, count: Int = 1) throws {
        while eventNames.filter({ $0 == name }).count < count {
            try #require(try Readiness.wait(for: [recorded.descriptor], milliseconds: 5000) == [true], "too few \(name) came")
            recorded.clear()
        }
    }

    /// Until so many messages were received.
    func wait(forSightings count: Int) throws {
        while sightings.count < count {
            try #require(
                try Readiness.wait(for: [recorded.descriptor], milliseconds: 5000) == [true], "only \(sightings.count) messages came")
            recorded.clear()
        }
    }

    var subnets: SubnetTable { state.withLock(\.subnets) }
    var sightings: [Sighting] { state.withLock(\.sightings) }
    var events: [BootEvent] { state.withLock(\.events) }
    var eventNames: [String] { events.map(\.name) }

    func serve(_ plans: [SubnetPlan], loaders: LoaderTable = .ipxe) {
        state.withLock { $0.subnets = SubnetTable(generation: $0.subnets.generation + 1, subnets: plans, loaders: loaders) }
    }

    /// From now on it is a host with a document; all others are strangers.
    func know(_ address: HardwareAddress) { state.withLock { _ = $0.known.insert(address) } }

    func sight(_ sighting: Sighting) -> SightedHost {
        let isKnown = state.withLock {
            $0.sightings.append(sighting)
            return $0.known.contains(sighting.hardwareAddress)
        }
        recorded.signal()
        onSight.withLock { $0 }?()
        return SightedHost(host: Self.host, boot: sighting.stage == .system ? nil : Self.boot, name: isKnown ? "h1" : nil)
    }

    func decideBoot(of sighting: Sighting) -> BootDecision { .wait(.notAccepted, message: "") }
    func decideDownload(of root: Digest, by boot: BootID, at address: IPv4Address?) -> DownloadDecision { .go }
    func download(_ step: DownloadStep, of blob: Digest, by boot: BootID, at address: IPv4Address?) {}
    func abandonDownload(by boot: BootID) {}
    func blob(_ digest: Digest) -> PublishedBlob? { nil }
    func bootFile(_ name: String) -> PublishedBlob? { nil }
    func record(_ event: BootEvent) {
        state.withLock { $0.events.append(event) }
        recorded.signal()
    }
}

/// Leases in memory, with failures on demand.
final class TestLeaseStore: LeaseStore {
    private struct State {
        var stored: [IPv4Address: Lease] = [:]
        var next: [LeaseCommitOutcome] = []
    }

    private let state = Mutex(State())
    let unreadable: [IPv4Address]

    init(unreadable: [IPv4Address] = []) { self.unreadable = unreadable }

    var stored: [Lease] { state.withLock { Array($0.stored.values) } }

    /// The outcomes of the next changes, one each; after them all are durable.
    func answer(_ outcomes: LeaseCommitOutcome...) { state.withLock { $0.next += outcomes } }

    func load() async throws -> StoredLeaseList { StoredLeaseList(leases: stored, unreadable: unreadable) }

    func commit(_ changes: [LeaseChange]) -> [LeaseCommitOutcome] {
        state.withLock { state in
            changes.map { change in
                let outcome = state.next.isEmpty ? .durable : state.next.removeFirst()
                if outcome == .durable { for lease in change.leases { state.stored[lease.address] = lease } }
                return outcome
            }
        }
    }
}

func rackPlan(_ network: String = "10.0.0.0/24", pool size: UInt32 = 10, leaseTime: UInt32 = 3600) throws -> SubnetPlan {
    let prefix = try #require(IPv4Prefix(network))
    let first = try #require(prefix.network.advanced(by: 100))
    let last = try #require(prefix.network.advanced(by: 99 + size))
    return SubnetPlan(
        name: "rack", prefix: prefix, pools: [first...last], routers: [try #require(prefix.network.advanced(by: 1))],
        nameServers: [.init(10, 0, 0, 53)], leaseTime: leaseTime)
}

func nic(_ number: UInt64) -> HardwareAddress { HardwareAddress(value: 0x5254_0000_0000 + number) }

/// A client's message.
func message(
    _ type: DHCPMessageType, from hardwareAddress: HardwareAddress = nic(1), vendorClass: String? = nil, architecture: UInt16? = nil
) -> DHCPMessage {
    var message = DHCPMessage(operation: .request, transactionID: UInt32(truncatingIfNeeded: hardwareAddress.value &* 31))
    message.hardwareAddress = hardwareAddress
    message.messageType = type
    message.vendorClassIdentifier = vendorClass
    if let architecture { message.clientArchitectures = [ClientArchitecture(rawValue: architecture)] }
    return message
}
