// Four-way DHCP exchanges through a whole server in this process: sockets, lease table, SQLite. For callgrind, which counts what each
// exchange costs, and for a profiler. The main thread only waits: valgrind cannot follow a main thread that the dispatch library ends.
// Arguments: the number of exchanges, and how many are under way at a time. With two addresses more, a server's and a relay's that is ours,
// the exchanges are with that server, whichever it is, and nothing is served here; a last number makes the clients others than before.
import DHCPServer
import DHCPWire
import DatagramIO
import Fleet
import Foundation
import ImageStore
import Journal
import Logging
import OperatorTypes
import Primitives
import Store

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("error: \(message)\n".utf8))
    exit(1)
}

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1000
let window = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 32
guard (0...60_000).contains(count), (1...256).contains(window) else {
    fail("usage: DHCPExchanges [0...60000] [1...256] [SERVER RELAY [SEED]]")
}

struct Load {
    static let loopback = IPv4Address(127, 0, 0, 1)
    let server: IPv4Address
    let port: UInt16
    let relay: IPv4Address
    /// The first client's.
    let hardwareAddress: UInt64
    let socket: UDPSocket
    let batch = DatagramBatch()
    /// Option 82.
    let information: [UInt8]

    /// A relay here that wants its replies where it sent from (RFC 8357), for clients of 10.44.0.0/16.
    init(port: UInt16) throws {
        (server, self.port, relay, hardwareAddress) = (Self.loopback, port, Self.loopback, 0x000c_0100_0000)
        information = [5, 4, 10, 44, 0, 0, 19, 0]
        socket = try UDPSocket(address: Self.loopback, port: 0, receiveBuffer: 4 << 20)
    }

    /// A relay as most are, for clients of its own subnet.
    init(server: IPv4Address, relay: IPv4Address, seed: UInt64) throws {
        (self.server, port, self.relay, hardwareAddress) = (server, 67, relay, 0x000c_0000_0000 + seed << 20)
        information = []
        socket = try UDPSocket(address: relay, port: 67, receiveBuffer: 4 << 20)
    }

    /// Four messages for each client; `window` of them at a time.
    func run(_ count: Int, window: Int) throws {
        for start in stride(from: 0, to: count, by: window) {
            let clients = start..<min(start + window, count)
            let offers = try exchange(clients) { message(.discover, $0) }
            let byClient = Dictionary(offers.map { (Int($0.transactionID), $0) }) { first, _ in first }
            let replies = try exchange(clients) { client in
                var request = message(.request, client)
                request.requestedAddress = byClient[client]?.yourAddress
                request.serverIdentifier = byClient[client]?.serverIdentifier
                return request
            }
            guard replies.allSatisfy({ $0.messageType == .acknowledgement }) else { fail("not acknowledged") }
        }
    }

    /// Sends what `make` says of each client, and takes as many replies.
    private func exchange(_ clients: Range<Int>, _ make: (Int) -> DHCPMessage) throws -> [DHCPMessage] {
        let requests = try clients.map { client in
            OutgoingDatagram(bytes: try make(client).encode(maximumSize: 1472), destination: server, port: port)
        }
        // One by one, as they come from a wire: several in one message would spare the server its way through the network stack.
        guard requests.allSatisfy({ socket.send([$0]) == [nil] }) else { fail("cannot send") }
        var replies: [DHCPMessage] = []
        while replies.count < requests.count {
            guard try Readiness.wait(for: [socket.descriptor], milliseconds: 20_000) == [true] else { fail("no reply") }
            for datagram in try socket.receive(into: batch) { replies.append(try DHCPMessage(decoding: datagram.bytes)) }
        }
        return replies
    }

    private func message(_ type: DHCPMessageType, _ client: Int) -> DHCPMessage {
        var message = DHCPMessage(operation: .request, transactionID: UInt32(truncatingIfNeeded: client))
        message.hardwareAddress = HardwareAddress(value: hardwareAddress + UInt64(client))
        message.relayAddress = relay
        message.messageType = type
        message.parameterRequestList = [.subnetMask, .broadcastAddress, .router, .domainName, .domainNameServer, .hostName]
        if !information.isEmpty { message.options.set(.relayAgentInformation, to: information) }
        return message
    }
}

let site = """
    apiVersion: bennu/v1
    kind: Subnet
    metadata: {name: load}
    spec: {prefix: 10.44.0.0/16, pools: [10.44.1.0-10.44.250.255], routers: [10.44.0.2], unknownPercent: 100}
    """

@Sendable func serve(in folder: String, _ count: Int, _ window: Int) async throws {
    let logger = Logger(label: "exchanges") { _ in SwiftLogNoOpLogHandler() }
    let store = try SQLiteStore(directory: folder)
    let fleet = try await Fleet(
        siteName: "exchanges", site: try SiteKey.load(orCreateAt: folder + "/site.key"), store: store,
        journal: try Journal(directory: folder, logger: logger), images: try ImageRepository(directory: folder + "/images"), logger: logger)
    let applied = try await fleet.apply(ApplyRequest(files: [.init(path: "site.yaml", text: site)], dryRun: false))
    guard applied.mistakes.isEmpty else { fail("\(applied.mistakes)") }
    let (listening, told) = AsyncStream<[UInt16]>.makeStream()
    let server = DHCPServer(
        configuration: DHCPServerConfiguration(interfaces: [.init("lo", address: Load.loopback)], httpPort: 8080, port: 0),
        directory: fleet, leases: RecordedLeases(store), logger: logger, onListening: { told.yield($0) })
    let serving = Task { try await server.run() }
    guard let port = await listening.first(where: { _ in true })?.first else { fail("the server did not start") }
    let began = clock()
    try Load(port: port).run(count, window: window)
    let seconds = Double(clock() - began) / Double(CLOCKS_PER_SEC)
    serving.cancel()
    try await serving.value
    print("\(count) exchanges, \(window) at a time: \(seconds) CPU seconds with the load's; commits: \(server.statistics.snapshot.commits)")
}

let others = CommandLine.arguments.dropFirst(3).compactMap { IPv4Address($0) }
if others.count == 2 {
    do {
        let load = try Load(server: others[0], relay: others[1], seed: CommandLine.arguments.dropFirst(5).first.flatMap { UInt64($0) } ?? 1)
        try load.run(count, window: window)
    } catch {
        fail("\(error)")
    }
    exit(0)
}

let folder = FileManager.default.temporaryDirectory.appending(path: "dhcp-exchanges-\(getpid())").path
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
let done = try WakeUp()
Task.detached { [folder, count, window, done] in
    do { try await serve(in: folder, count, window) } catch { fail("\(error)") }
    done.signal()
}
_ = try Readiness.wait(for: [done.descriptor], milliseconds: -1)
// The databases close as their last users go, and take files of theirs away at the same time.
while FileManager.default.fileExists(atPath: folder) { try? FileManager.default.removeItem(atPath: folder) }
