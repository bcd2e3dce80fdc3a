import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import DatagramIO
import Fleet
import FleetModel
import Glibc
import HostContract
import Logging
import OperatorTypes
import Primitives
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing

/// The server on the loopback interface, by way of a relay.
@Suite(.enabled(if: geteuid() == 0, "sockets bound to an interface need root"), .serialized)
struct DHCPServerTests {
    @Test("An offer is requested, acknowledged and stored; the timeline and the counters say so")
    func exchange() async throws {
        let (directory, leases) = (try TestDirectory([rackPlan()]), TestLeaseStore())
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            let offer = try relay.exchange(message(.discover, vendorClass: "PXEClient:Arch:00007:UNDI:003000", architecture: 7))
            #expect(offer.messageType == .offer && offer.bootFileName == "snponly.efi" && offer.serverIdentifier == LoopbackRelay.address)
            #expect(leases.stored.isEmpty)
            var request = relay.request(offer, from: nic(1))
            request.clientArchitectures = [.x64UEFI]
            let acknowledgement = try relay.exchange(request)
            #expect(acknowledgement.messageType == .acknowledgement && acknowledgement.yourAddress == offer.yourAddress)
            #expect(leases.stored.map(\.address) == [offer.yourAddress] && leases.stored.map(\.expires) == [4600])
            try directory.wait(for: "ack-sent")
            #expect(directory.eventNames == ["discover-received", "offer-sent", "request-received", "ack-sent"])
            #expect(
                directory.sightings.map(\.stage) == [.firmware, .firmware] && directory.sightings.map(\.isFirstMessage) == [true, false])
            #expect(server.statistics.snapshot.received == ["discover": 1, "request": 1])
            #expect(server.statistics.snapshot.sent == ["offer": 1, "acknowledgement": 1])
        }
    }

    @Test("A loader that comes in force is offered with the next message, one that is lost is refused by name, and the timeline says what to do")
    func loaders() async throws {
        let directory = try TestDirectory([rackPlan()])
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: TestLeaseStore()) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            let pxe = message(.discover, vendorClass: "PXEClient:Arch:00027:UNDI:003000", architecture: 27)
            let http = message(.discover, from: nic(2), vendorClass: "HTTPClient:Arch:00028:UNDI:003000", architecture: 28)
            #expect(try relay.exchange(pxe).bootFileName == nil)
            func serve(_ file: String?) throws {
                let entry = LoaderTable.Entry(architectures: [.riscv64UEFI, .riscv64UEFIHTTP], file: file)
                directory.serve([try rackPlan()], loaders: LoaderTable(entries: [entry], files: LoaderTable.ipxe.files))
            }
            try serve("riscv64-uefi/ipxe.efi")
            let (one, other) = (try relay.exchange(pxe), try relay.exchange(http))
            #expect(one.bootFileName == "riscv64-uefi/ipxe.efi" && one.bootServerName == "127.0.0.1" && one.vendorClassIdentifier == nil)
            #expect(other.bootFileName == "http://127.0.0.1:8080/boot-files/riscv64-uefi/ipxe.efi" && other.vendorClassIdentifier == "HTTPClient")
            try serve(nil)
            #expect(try relay.exchange(pxe).bootFileName == nil)
            #expect(server.statistics.snapshot.refused == ["unknown-architecture": 1, "loader-missing": 1])
            let refused = directory.events.filter { $0.name == "dhcp-refused" }
            #expect(refused.map { $0.attributes["reason"] } == ["unknown-architecture", "loader-missing"])
            #expect(refused.allSatisfy { $0.detail.contains("BootServer document") })
        }
    }

    @Test("Where another server answers nothing is, and no host's timeline calls that a refusal")
    func external() async throws {
        var plan = try rackPlan()
        plan.mode = .external
        let (directory, leases) = (try TestDirectory([plan]), TestLeaseStore())
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            let pxe = message(.discover, vendorClass: "PXEClient:Arch:00007:UNDI:003000", architecture: 7)
            try relay.send(pxe)
            for type in [DHCPMessageType.request, .decline, .release, .inform] { try relay.send(message(type)) }
            try directory.wait(forSightings: 5)
            // What was not answered would come before this offer.
            directory.serve([try rackPlan()])
            #expect(try relay.exchange(message(.discover, from: nic(2))).hardwareAddress == nic(2))
            #expect(server.statistics.snapshot.refused == ["external-subnet": 5])
            #expect(!directory.eventNames.contains("dhcp-refused") && leases.stored.isEmpty)
        }
    }

    @Test("A server that a client chose instead of us where we give the addresses is known by its address, and news once an hour")
    func otherServer() async throws {
        let directory = try TestDirectory([rackPlan()])
        let time = Mutex<Int64>(1000)
        let clock: @Sendable () -> Int64 = { time.withLock { $0 } }
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: TestLeaseStore(), clock: clock) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            var request = message(.request)
            request.requestedAddress = IPv4Address(10, 0, 0, 200)
            request.serverIdentifier = IPv4Address(10, 0, 0, 66)
            for later: Int64 in [0, 10, 4000] {
                time.withLock { $0 += later }
                try relay.send(request)
                _ = try relay.exchange(message(.discover, from: nic(2)))
            }
            let events = directory.events.filter { $0.name == "other-dhcp-server" }
            #expect(events.map { $0.attributes["server"] } == ["10.0.0.66", "10.0.0.66"])
            let other = try #require(server.trace.counts.otherServers.first)
            #expect(other.address == IPv4Address(10, 0, 0, 66) && other.client == nic(1))
            #expect(other.count == 3 && other.first == 1000 && other.last == 5010)
            #expect(other.answers == 0)
            // Whoever invents addresses fills no memory.
            for number in 1...200 {
                request.serverIdentifier = IPv4Address(10, 1, 0, UInt8(number))
                try relay.send(request)
            }
            _ = try relay.exchange(message(.discover, from: nic(2)))
            #expect(server.trace.counts.otherServers.count == 64)
        }
    }

    @Test("A release that the queue to the disk has no room for is refused, and the lease stays")
    func busy() async throws {
        let leases = try GatedLeaseStore()
        defer { leases.open() }
        var configuration = LoopbackRelay.configuration
        configuration.commitQueueLimit = 1
        try await withServer(configuration, directory: TestDirectory([rackPlan()]), leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            // The first is being committed, the second fills the queue.
            for number in 1...2 as ClosedRange<UInt64> {
                let offer = try relay.exchange(message(.discover, from: nic(number)))
                try relay.send(relay.request(offer, from: nic(number)))
                if number == 1 { try leases.waitUntilCommitting() }
            }
            // Whatever was sent before this is in the queue.
            _ = try relay.exchange(message(.discover, from: nic(3)))
            let held = try await server.orders.leases()
            #expect(held.map(\.state) == [.bound, .bound, .offered])
            do throws(APIProblem) {
                _ = try await server.orders.release(held[0].address)
                Issue.record("there was no room")
            } catch {
                #expect(error.code == "dhcp-busy")
            }
            #expect(try await server.orders.leases() == held)
            leases.open()
        }
    }

    @Test("An operator sees the leases and takes one back: free at once, durable before he is told, refused by name")
    func operators() async throws {
        let (directory, leases) = (try TestDirectory([rackPlan(pool: 1)]), TestLeaseStore())
        let orders = Mutex<LeaseOrders?>(nil)
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: leases) { server, port in
            orders.withLock { $0 = server.orders }
            let relay = try LoopbackRelay(serverPort: port)
            let address = try relay.lease(nic(1)).yourAddress
            #expect(try await server.orders.leases().map(\.hardwareAddress) == [nic(1)])
            leases.answer(.failed("disk full"))
            await #expect(throws: APIProblem.self) { try await server.orders.release(address) }
            #expect(leases.stored.map(\.state) == [.bound])
            #expect(try await server.orders.release(address).state == .released)
            #expect(leases.stored.map(\.state) == [.released])
            do throws(APIProblem) {
                _ = try await server.orders.release(address)
                Issue.record("it was released before")
            } catch {
                #expect(error.code == "lease-ended")
            }
            do throws(APIProblem) {
                _ = try await server.orders.release(IPv4Address(10, 0, 0, 9))
                Issue.record("there is none")
            } catch {
                #expect(error.code == "unknown-lease")
            }
            #expect(try relay.lease(nic(2)).yourAddress == address, "another gets it")
        }
        let stopped = try #require(orders.withLock { $0 })
        await #expect(throws: APIProblem.self) { try await stopped.leases() }
        do throws(APIProblem) {
            _ = try await stopped.release(IPv4Address(10, 0, 0, 100))
            Issue.record("nobody is there")
        } catch {
            #expect(error.code == "dhcp-stopped")
        }
    }

    static let failures: [(LeaseCommitOutcome, DHCPRefusal)] = [
        (.failed("disk full"), .commitFailed), (.unknown("connection lost"), .commitUnknown),
        (.conflict(.init(10, 0, 0, 100), current: nil), .commitConflict),
    ]

    @Test("There is no DHCPACK for a lease that the store did not take, and the client's next try succeeds", arguments: failures)
    func commitFails(outcome: LeaseCommitOutcome, refusal: DHCPRefusal) async throws {
        let (directory, leases) = (try TestDirectory([rackPlan(pool: 1)]), TestLeaseStore())
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            let pxe = message(.discover, architecture: 7)
            let offer = try relay.exchange(pxe)
            leases.answer(outcome)
            var request = relay.request(offer, from: nic(1))
            request.clientArchitectures = [.x64UEFI]
            try relay.send(request)
            try directory.wait(for: "dhcp-refused")
            #expect(server.statistics.snapshot.refused == [refusal.rawValue: 1])
            #expect(leases.stored.isEmpty)
            // Whatever was sent before this reply would come before it.
            #expect(try relay.exchange(pxe).messageType == .offer)
            #expect(try relay.exchange(request).messageType == .acknowledgement)
            #expect(leases.stored.count == 1)
        }
    }

    @Test("A restart keeps the leases: nobody else is given the address, and its host renews it")
    func restart() async throws {
        let leases = TestLeaseStore()
        var address = IPv4Address.any
        try await withServer(LoopbackRelay.configuration, directory: try TestDirectory([rackPlan(pool: 2)]), leases: leases) { _, port in
            address = try LoopbackRelay(serverPort: port).lease(nic(1)).yourAddress
        }
        try await withServer(LoopbackRelay.configuration, directory: try TestDirectory([rackPlan(pool: 2)]), leases: leases) { _, port in
            let relay = try LoopbackRelay(serverPort: port)
            #expect(try relay.exchange(message(.discover, from: nic(2))).yourAddress != address)
            var renewal = message(.request)
            renewal.clientAddress = address
            #expect(try relay.exchange(renewal).messageType == .acknowledgement)
        }
    }

    @Test("A host with three NICs that is restarted twenty times holds one lease, stored once")
    func threeNICs() async throws {
        let leases = TestLeaseStore()
        try await withServer(LoopbackRelay.configuration, directory: try TestDirectory([rackPlan()]), leases: leases) { _, port in
            let relay = try LoopbackRelay(serverPort: port)
            for _ in 0..<20 {
                for number in 1...3 as ClosedRange<UInt64> {
                    _ = try relay.exchange(message(.discover, from: nic(number), architecture: 0))
                }
                var identifiers: [[UInt8]] = [[1] + nic(1).bytes, [255, 0, 0, 0, 1, 0, 3, 0, 1] + nic(1).bytes, []]
                while let identifier = identifiers.popLast() {
                    var request = relay.request(try relay.exchange(message(.discover)), from: nic(1))
                    if !identifier.isEmpty { request.options.set(.clientIdentifier, to: identifier) }
                    #expect(try relay.exchange(request).yourAddress == .init(10, 0, 0, 100))
                }
            }
            #expect(leases.stored.map(\.hardwareAddress) == [nic(1)])
        }
    }

    @Test("A lease whose stored record cannot be read is given to nobody")
    func unreadable() async throws {
        let leases = TestLeaseStore(unreadable: [.init(10, 0, 0, 100)])
        try await withServer(LoopbackRelay.configuration, directory: try TestDirectory([rackPlan(pool: 1)]), leases: leases) {
            server, port in
            let relay = try LoopbackRelay(serverPort: port)
            try relay.send(message(.discover))
            var inform = message(.inform)
            inform.clientAddress = .init(10, 0, 0, 9)
            // Replies to INFORM go to the relay as well: it comes after the silence.
            #expect(try relay.exchange(inform).messageType == .acknowledgement)
            #expect(server.statistics.snapshot.refused == ["pool-exhausted": 1])
        }
    }

    @Test("A running system that renews is not written into any timeline")
    func renewalIsQuiet() async throws {
        let directory = try TestDirectory([rackPlan()])
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: TestLeaseStore()) { _, port in
            _ = try LoopbackRelay(serverPort: port).lease(nic(1))
            #expect(directory.sightings.map(\.stage) == [.system, .system] && directory.events.isEmpty)
        }
    }

    @Test("A changed subnet is served from the next message on")
    func subnetsChange() async throws {
        let directory = try TestDirectory([])
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: TestLeaseStore()) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            try relay.send(message(.discover, architecture: 0))
            try directory.wait(for: "dhcp-refused")
            #expect(server.statistics.snapshot.refused == ["no-subnet": 1])
            directory.serve([try rackPlan()])
            #expect(try relay.exchange(message(.discover)).messageType == .offer)
        }
    }

    @Test("Garbage, oversized datagrams and replies are counted by name, and the server goes on")
    func garbage() async throws {
        try await withServer(LoopbackRelay.configuration, directory: try TestDirectory([rackPlan()]), leases: TestLeaseStore()) {
            server, port in
            let relay = try LoopbackRelay(serverPort: port)
            var generator = SystemRandomNumberGenerator()
            for size in [0, 1, 239, 240, 300, 1500] {
                relay.send(bytes: (0..<size).map { _ in UInt8.random(in: 3...255, using: &generator) })
            }
            relay.send(bytes: [UInt8](repeating: 1, count: 9000))
            var reply = message(.discover)
            reply.operation = .reply
            try relay.send(reply)
            #expect(try relay.exchange(message(.discover)).messageType == .offer)
            #expect(server.statistics.snapshot.refused == ["malformed": 6, "truncated-datagram": 1, "not-a-request": 1])
        }
    }

    @Test("A reply that no client could take is not sent, and its lease is not made")
    func tooLarge() async throws {
        let leases = TestLeaseStore()
        try await withServer(LoopbackRelay.configuration, directory: try TestDirectory([rackPlan()]), leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            var large = relay.request(try relay.exchange(message(.discover)), from: nic(1))
            // The circuit identifier of a talkative switch: a reply must repeat it.
            large.relayAddress = LoopbackRelay.address
            large.options.set(
                .relayAgentInformation,
                to: [5, 4, 10, 0, 0, 0, 19, 0, 1, 255] + [UInt8](repeating: 7, count: 255) + [2, 80] + [UInt8](repeating: 8, count: 80))
            relay.send(bytes: try large.encode(maximumSize: 1472))
            #expect(try relay.exchange(message(.discover, from: nic(2))).messageType == .offer)
            #expect(server.statistics.snapshot.refused == ["reply-too-large": 1] && leases.stored.isEmpty)
        }
    }

    @Test("A reply that the kernel does not send is counted, and the server goes on")
    func sendFails() async throws {
        let directory = try TestDirectory([rackPlan()])
        let open: @Sendable (DHCPServerConfiguration) throws -> [Endpoint] = { configuration in
            let socket = try UDPSocket(interface: "lo", port: 0)
            // There is no such interface to send frames by.
            return [
                Endpoint(
                    socket: socket, packets: try PacketSocket(), interfaceIndex: 999_999,
                    addresses: [LoopbackRelay.address, .init(10, 0, 0, 1)])
            ]
        }
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: TestLeaseStore(), openEndpoints: open) {
            server, port in
            let relay = try LoopbackRelay(serverPort: port)
            relay.send(bytes: try message(.discover, architecture: 0).encode(maximumSize: 1472))
            try directory.wait(for: "dhcp-refused")
            #expect(server.statistics.snapshot.refused == ["send-failed": 1])
            #expect(try relay.exchange(message(.discover)).messageType == .offer)
        }
    }

    @Test("On the real store, what was acknowledged is known to the next server; the store's own tests close and kill it")
    func realStore() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore(directory: directory.path)
        func serve(_ body: (LoopbackRelay) throws -> Void) async throws {
            let fleet = try TestDirectory([rackPlan(pool: 2)])
            try await withServer(LoopbackRelay.configuration, directory: fleet, leases: StoredLeases(store)) { _, port in
                try body(try LoopbackRelay(serverPort: port))
            }
        }
        try await serve { relay in
            let first = try relay.lease(nic(1))
            #expect(first.yourAddress == .init(10, 0, 0, 100))
        }
        try await serve { relay in
            let addresses = try [relay.lease(nic(2)), relay.lease(nic(1))].map(\.yourAddress)
            #expect(addresses == [.init(10, 0, 0, 101), .init(10, 0, 0, 100)])
        }
        try store.close()
    }

    @Test("What does not fit into the commit queue is refused, and undone")
    func queueFull() async throws {
        let gate = try GatedLeaseStore()
        var configuration = LoopbackRelay.configuration
        configuration.commitQueueLimit = 1
        let directory = try TestDirectory([rackPlan()])
        try await withServer(configuration, directory: directory, leases: gate) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            let offers = try (1...3).map { try relay.exchange(message(.discover, from: nic($0), architecture: 0)) }
            var requests = zip(offers, 1...3 as ClosedRange<UInt64>).map { relay.request($0, from: nic($1)) }
            for index in requests.indices { requests[index].clientArchitectures = [.x86BIOS] }
            try relay.send(requests[0])
            try gate.waitUntilCommitting()
            try relay.send(requests[1])
            try relay.send(requests[2])
            try directory.wait(for: "dhcp-refused")
            #expect(server.statistics.snapshot.refused == ["commit-queue-full": 1])
            gate.open()
            #expect(try [relay.receive(), relay.receive()].map(\.messageType) == [.acknowledgement, .acknowledgement])
            #expect(try relay.exchange(requests[2]).messageType == .acknowledgement)
        }
    }

    @Test("It ends when its group shuts down, and what was waiting for the disk is acknowledged first")
    func shutdown() async throws {
        let leases = try GatedLeaseStore()
        let (listening, told) = AsyncStream<UInt16>.makeStream()
        let server = DHCPServer(
            configuration: LoopbackRelay.configuration, directory: try TestDirectory([rackPlan()]), leases: leases,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { 0 }, onListening: { told.yield($0[0]) })
        let group = ServiceGroup(services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let ended: Void = group.run()
        var ports = listening.makeAsyncIterator()
        let relay = try LoopbackRelay(serverPort: try #require(await ports.next()))
        try relay.send(relay.request(try relay.exchange(message(.discover)), from: nic(1)))
        try leases.waitUntilCommitting()
        await group.triggerGracefulShutdown()
        leases.open()
        #expect(try relay.receive().messageType == .acknowledgement)
        try await ended
    }

    static let bad: [(DHCPServerConfiguration, DHCPServerError)] = [
        (DHCPServerConfiguration(interfaces: [], httpPort: 1), .noInterfaces),
        (DHCPServerConfiguration(interfaces: [.init("no-such-if")], httpPort: 1), .interfaceMissing("no-such-if")),
        (
            DHCPServerConfiguration(interfaces: [.init("lo", address: .init(10, 9, 9, 9))], httpPort: 1),
            .notAnAddressOfInterface(.init(10, 9, 9, 9), "lo")
        ),
    ]

    @Test("What keeps it from starting is said by name", arguments: bad)
    func cannotStart(configuration: DHCPServerConfiguration, error: DHCPServerError) throws {
        #expect(throws: error) { try Endpoint.open(configuration) }
        #expect(error.description.hasPrefix("cannot serve DHCP"))
    }
}
