import AddressPlan
import DHCPServer
import DHCPWire
import DatagramIO
import Fleet
import FleetFixtures
import Glibc
import Primitives
import Store
import Synchronization
import TestSupport
import Testing

/// A site of which everything that a client is told differs from one revision to the next.
private enum ChangingSite {
    static func text(_ revision: Int) -> String {
        let subnet = """
            apiVersion: bennu/v1
            kind: Subnet
            metadata: {name: load}
            spec:
              prefix: 10.0.0.0/16
              pools: ["\(pool(revision).lowerBound)-\(pool(revision).upperBound)"]
              nameServers: [10.9.0.\(revision)]
              domainName: r\(revision).lab
              leaseTime: \(3600 + revision)s
              options: {rootPath: /r/\(revision)}
              unknownPercent: 100
              reservations: [{address: \(reserved(revision)), hardwareAddress: "\(owner)"}]

            """
        return subnet + (hasSecondSubnet(revision) ? "---\n" + secondSubnet : "")
    }

    /// Two that have nothing in common.
    static func pool(_ revision: Int) -> ClosedRange<IPv4Address> {
        revision % 2 == 0 ? IPv4Address(10, 0, 1, 0)...IPv4Address(10, 0, 60, 255) : IPv4Address(10, 0, 61, 0)...IPv4Address(10, 0, 120, 255)
    }

    static let owner = nic(1_000_000)
    static func reserved(_ revision: Int) -> IPv4Address { IPv4Address(10, 0, 250, UInt8(revision)) }

    static let secondSubnet =
        "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: second}\nspec: {prefix: 10.1.0.0/24, pools: [10.1.0.10-10.1.0.250], unknownPercent: 100}\n"
    static func hasSecondSubnet(_ revision: Int) -> Bool { revision % 3 == 0 }

    /// The revision that made a reply; `nil` where its parts are of several, or of none.
    static func revision(of reply: DHCPMessage) -> Int? {
        guard let text = reply.options[.rootPath], let revision = Int(String(decoding: text.dropFirst(3), as: UTF8.self)) else { return nil }
        let address = reply.hardwareAddress == owner ? reserved(revision)...reserved(revision) : pool(revision)
        guard reply.domainName == "r\(revision).lab", reply.domainNameServers == [IPv4Address(10, 9, 0, UInt8(revision))],
            reply.leaseTime == .seconds(3600 + revision), address.contains(reply.yourAddress)
        else { return nil }
        return revision
    }
}

/// What all clients saw.
private final class Tally: Sendable {
    struct Counts {
        /// The revision that is being applied, and the last whose application returned.
        var (begun, applied) = (0, 0)
        var isOver = false
        /// Grows when a change begins and when it is in force.
        var phase = 0
        var (acknowledged, refused) = (0, 0)
        var problems: [String] = []
    }

    private let counts = Mutex(Counts())
    let clients: [WakeUp]
    let progress: WakeUp

    init(clients: Int) throws {
        self.clients = try (0..<clients).map { _ in try WakeUp() }
        progress = try WakeUp()
    }

    var now: Counts { counts.withLock { $0 } }
    func update(_ body: (inout Counts) -> Void) { counts.withLock { body(&$0) } }

    /// Has the clients go on.
    func advance(_ body: (inout Counts) -> Void) {
        update {
            body(&$0)
            $0.phase += 1
        }
        for client in clients { client.signal() }
    }
}

/// Clients behind a relay of their own that get addresses again and again, many at a time.
private struct Clients {
    static let window: UInt64 = 16
    /// For each change as it begins and when it is in force: other tests run as well.
    static let mostRounds = 4
    /// Milliseconds until a reply counts as lost.
    static let patience: Int32 = 60_000
    let socket: UDPSocket
    let port: UInt16
    let first: UInt64
    let tally: Tally
    let wakeUp: WakeUp
    private let batch = DatagramBatch()

    init(_ number: Int, port: UInt16, tally: Tally) throws {
        (first, self.port, self.tally, wakeUp) = (UInt64(number + 1) * 1_000_000, port, tally, tally.clients[number])
        socket = try UDPSocket(address: LoopbackRelay.address, port: 0, receiveBuffer: 4 << 20)
    }

    /// Until it is over. Whoever is refused begins anew, as clients do, until it has an address.
    func run() throws {
        var turn: UInt64 = 0
        var (phase, rounds) = (0, 0)
        while true {
            let now = tally.now
            if now.isOver { return }
            if now.phase != phase { (phase, rounds) = (now.phase, 0) }
            guard rounds < Self.mostRounds else {
                _ = try Readiness.wait(for: [wakeUp.descriptor], milliseconds: -1)
                wakeUp.clear()
                continue
            }
            rounds += 1
            var left = Set((0..<Self.window).map { nic(first + turn % 4 * Self.window + $0) })
            while !left.isEmpty {
                let offers = try exchange(left.map { message(.discover, from: $0) }).mapValues { offer in
                    (offer, revision: offer.message.messageType == .offer ? judge(offer) : nil)
                }
                let answers = try exchange(
                    offers.map { hardware, offer in
                        var request = message(.request, from: hardware)
                        request.requestedAddress = offer.0.message.yourAddress
                        request.serverIdentifier = offer.0.message.serverIdentifier
                        return request
                    })
                for (hardware, answer) in answers {
                    if answer.message.messageType == .acknowledgement {
                        judge(answer)
                        left.remove(hardware)
                        tally.update { $0.acknowledged += 1 }
                    } else {
                        // Only a change of the pool or the reservation takes back what was offered.
                        tally.update { tally in
                            tally.refused += 1
                            if let revision = offers[hardware]?.revision, tally.begun > revision { return }
                            tally.problems.append("refused without a change: \(answer.message)")
                        }
                    }
                }
            }
            turn += 1
            tally.progress.signal()
        }
    }

    /// A reply, and the revision that was in force for sure when its request was sent.
    private typealias Reply = (message: DHCPMessage, applied: Int)

    @discardableResult
    private func judge(_ reply: Reply) -> Int? {
        let revision = ChangingSite.revision(of: reply.message)
        tally.update { tally in
            if let revision, (reply.applied...tally.begun).contains(revision) { return }
            tally.problems.append("between \(reply.applied) and \(tally.begun): \(reply.message)")
        }
        return revision
    }

    /// One reply to each message.
    private func exchange(_ messages: [DHCPMessage]) throws -> [HardwareAddress: Reply] {
        var applied: [HardwareAddress: Int] = [:]
        for var message in messages {
            message.relayAddress = LoopbackRelay.address
            message.options.set(.relayAgentInformation, to: [5, 4, 10, 0, 0, 0, 19, 0])
            if let hardware = message.hardwareAddress { applied[hardware] = tally.now.applied }
            let bytes = try message.encode(maximumSize: 1472)
            if let error = socket.send([OutgoingDatagram(bytes: bytes, destination: LoopbackRelay.address, port: port)])[0] { throw error }
        }
        var replies: [HardwareAddress: Reply] = [:]
        while replies.count < messages.count {
            guard try Readiness.wait(for: [socket.descriptor], milliseconds: Self.patience) == [true] else {
                throw SocketError("receive \(messages.count - replies.count) replies that were lost", code: ETIMEDOUT)
            }
            for datagram in try socket.receive(into: batch) {
                let reply = try DHCPMessage(decoding: datagram.bytes)
                guard let hardware = reply.hardwareAddress, let sent = applied[hardware], replies[hardware] == nil else {
                    throw SocketError("match a reply to a request: \(reply)", code: EPROTO)
                }
                replies[hardware] = (reply, sent)
            }
        }
        return replies
    }
}

@Suite(.enabled(if: geteuid() == 0, "sockets bound to an interface need root"), .serialized)
struct ChangeUnderLoadTests {
    static let changes = 60

    @Test(
        "Subnets, pools, reservations and options change under load: nothing is lost, no reply mixes two revisions, and the next packet has the new one"
    )
    func load() async throws {
        let folder = try TemporaryDirectory()
        let store = try SQLiteStore(directory: folder.path)
        let site = try await TestSite(ChangingSite.text(0), store: store)
        let tally = try Tally(clients: 2)
        var statistics: DHCPStatistics?
        try await withServer(LoopbackRelay.configuration, directory: site.fleet, leases: RecordedLeases(store)) { server, port in
            statistics = server.statistics
            // Also where it ends by an error: nobody else stops the threads.
            defer { tally.advance { $0.isOver = true } }
            let (ended, ending) = AsyncStream<Void>.makeStream()
            for number in tally.clients.indices {
                try PlainThread.start("clients") {
                    do { try Clients(number, port: port, tally: tally).run() } catch { tally.update { $0.problems.append("\(error)") } }
                    tally.progress.signal()
                    ending.yield()
                }
            }
            let relay = try LoopbackRelay(serverPort: port)
            var absences: UInt64 = 0
            for revision in 1...Self.changes {
                let before = tally.now.acknowledged
                tally.advance { $0.begun = revision }
                try await site.apply(ChangingSite.text(revision))
                let had = ChangingSite.hasSecondSubnet(revision - 1)
                if had { _ = try await site.fleet.removeDocument(kind: "Subnet", name: "second") }
                tally.advance { $0.applied = revision }
                // The next packet has the new revision, and the new subnet an address or none.
                let probe = message(.discover, from: nic(9_000_000 + UInt64(revision)))
                let (second, link) = (message(.discover, from: nic(9_500_000 + UInt64(revision))), IPv4Address(10, 1, 0, 0))
                if ChangingSite.hasSecondSubnet(revision) {
                    #expect(try relay.exchange(second, link: link).yourAddress.bytes.prefix(3) == [10, 1, 0])
                } else {
                    try relay.send(second, link: link)
                    absences += 1
                }
                #expect(ChangingSite.revision(of: try relay.exchange(probe)) == revision)
                #expect(server.statistics.snapshot.refused["no-subnet", default: 0] == absences)
                // The load goes on between two changes.
                while tally.now.problems.isEmpty, tally.now.acknowledged < before + Int(Clients.window) {
                    _ = try Readiness.wait(for: [tally.progress.descriptor], milliseconds: -1)
                    tally.progress.clear()
                }
                #expect(ChangingSite.revision(of: try relay.exchange(probe)) == revision)
            }
            tally.advance { $0.isOver = true }
            var left = tally.clients.count
            for await _ in ended {
                left -= 1
                if left == 0 { break }
            }
            let told = tally.now
            #expect(told.problems.isEmpty, "\(told.problems.count): \(told.problems.prefix(3))")
            #expect(told.acknowledged >= Self.changes * Int(Clients.window))
        }
        // Whole once the server has ended: a reply is counted when it has left.
        let counted = try #require(statistics).snapshot
        let told = tally.now
        #expect(counted.sent["negative-acknowledgement", default: 0] == UInt64(told.refused))
        #expect(counted.sent["acknowledgement"] == UInt64(told.acknowledged))
        print("\(told.acknowledged) exchanges over \(Self.changes) changes, \(told.refused) begun anew: their address was taken from the pool")
        try site.close()
    }

    @Test("What is sent after a change is answered by it, also where the server was awake and busy with others")
    func order() async throws {
        var plans = try [rackPlan(), rackPlan()]
        for (index, name) in ["old", "new"].enumerated() { plans[index].domainName = name }
        let directory = try TestDirectory([plans[0]])
        let ports = Mutex<[UInt16]>([])
        var configuration = LoopbackRelay.configuration
        configuration.interfaces += configuration.interfaces
        let open: @Sendable (DHCPServerConfiguration) throws -> [Endpoint] = { configuration in
            let endpoints = try Endpoint.open(configuration)
            ports.withLock { $0 = endpoints.map(\.socket.localPort) }
            return endpoints
        }
        let (entered, leave) = (try WakeUp(), try WakeUp())
        directory.whenSighted {
            entered.signal()
            _ = try? Readiness.wait(for: [leave.descriptor], milliseconds: -1)
            leave.clear()
        }
        @Sendable func waitUntilEntered() throws {
            #expect(try Readiness.wait(for: [entered.descriptor], milliseconds: 30_000) == [true])
            entered.clear()
        }
        try await withServer(configuration, directory: directory, leases: TestLeaseStore(), openEndpoints: open) { _, _ in
            let relays = try ports.withLock { $0 }.prefix(2).map { try LoopbackRelay(serverPort: $0) }
            try relays[0].send(message(.discover, from: nic(1)))
            try waitUntilEntered()
            // Both sockets have something when the server looks at them next.
            try relays[0].send(message(.discover, from: nic(2)))
            try relays[1].send(message(.discover, from: nic(3)))
            leave.signal()
            try waitUntilEntered()
            directory.serve([plans[1]])
            directory.whenSighted(nil)
            try relays[1].send(message(.discover, from: nic(4)))
            leave.signal()
            #expect(try relays[1].receive().hardwareAddress == nic(3))
            #expect(try relays[1].receive().domainName == "new")
        }
    }
}
