import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import DatagramIO
import Fleet
import Logging
import Primitives
import ServiceLifecycle
import Synchronization
import Testing

/// Runs a server around `body`, which is given its port.
func withServer(
    _ configuration: DHCPServerConfiguration, directory: any BootDirectory, leases: any LeaseStore,
    clock: @escaping @Sendable () -> Int64 = { 1000 },
    openEndpoints: @escaping @Sendable (DHCPServerConfiguration) throws -> [Endpoint] = Endpoint.open,
    openLink: @escaping @Sendable (UInt32, LinkSocket.Kind) throws(SocketError) -> LinkSocket = LinkSocket.init,
    _ body: (DHCPServer, UInt16) async throws -> Void
) async throws {
    let (listening, told) = AsyncStream<[UInt16]>.makeStream()
    let server = DHCPServer(
        configuration: configuration, directory: directory, leases: leases, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        clock: clock, openEndpoints: openEndpoints, openLink: openLink, onListening: { told.yield($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { told.finish() }
            try await server.run()
        }
        var ports: [UInt16]?
        for await bound in listening {
            ports = bound
            break
        }
        if let port = ports?.first { try await body(server, port) }
        group.cancelAll()
        try await group.waitForAll()
    }
}

/// A relay agent on the loopback interface that wants replies at its own port (RFC 8357), so that no fixed port is needed.
final class LoopbackRelay {
    static let address = IPv4Address(127, 0, 0, 1)
    let socket: UDPSocket
    let serverPort: UInt16
    private let batch = DatagramBatch()
    private var received: [IncomingDatagram] = []
    /// What the relay says in 82.1.
    var circuit: UInt8?

    init(serverPort: UInt16) throws {
        socket = try UDPSocket(address: Self.address, port: 0)
        self.serverPort = serverPort
    }

    static var configuration: DHCPServerConfiguration {
        DHCPServerConfiguration(interfaces: [.init("lo", address: address)], httpPort: 8080, port: 0)
    }

    /// - Parameter link: what the relay says in 82.5.
    func send(_ message: DHCPMessage, link: IPv4Address = IPv4Address(10, 0, 0, 0)) throws {
        var message = message
        message.relayAddress = Self.address
        message.options.set(.relayAgentInformation, to: [5, 4] + link.bytes + [19, 0] + (circuit.map { [1, 1, $0] } ?? []))
        send(bytes: try message.encode(maximumSize: 1472))
    }

    func send(bytes: [UInt8]) {
        let results = socket.send([OutgoingDatagram(bytes: bytes, destination: Self.address, port: serverPort)])
        #expect(results == [nil])
    }

    /// The next reply, within five seconds.
    func receive() throws -> DHCPMessage {
        while received.isEmpty {
            try #require(try Readiness.wait(for: [socket.descriptor], milliseconds: 5000) == [true], "no reply came")
            received = try socket.receive(into: batch)
        }
        return try DHCPMessage(decoding: received.removeFirst().bytes)
    }

    func exchange(_ message: DHCPMessage, link: IPv4Address = IPv4Address(10, 0, 0, 0)) throws -> DHCPMessage {
        try send(message, link: link)
        return try receive()
    }

    /// The request for what was offered.
    func request(_ offer: DHCPMessage, from hardwareAddress: HardwareAddress) -> DHCPMessage {
        var request = message(.request, from: hardwareAddress)
        request.requestedAddress = offer.yourAddress
        request.serverIdentifier = offer.serverIdentifier
        return request
    }

    func lease(_ hardwareAddress: HardwareAddress) throws -> DHCPMessage {
        let offer = try exchange(message(.discover, from: hardwareAddress))
        return try exchange(request(offer, from: hardwareAddress))
    }
}
