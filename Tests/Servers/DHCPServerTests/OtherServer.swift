import BootPolicy
import DHCPWire
import DatagramIO
import Foundation
import Primitives
import Testing

/// A DHCP server that others wrote, in the server's namespace, with a pool and what `bennu dhcp snippet` prints.
struct OtherServer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// In `/usr/sbin`.
    let program: String
    /// Begins the line that says that it serves.
    let ready: String
    /// Its configuration with `snippet` included as a file, as its documentation says; `folder` is there to be written to.
    let configuration: @Sendable (_ snippet: String, _ folder: String) -> String
    let snippet: DHCPSnippet.Server
    /// `configuration` stands for the file.
    let arguments: @Sendable (_ configuration: String, _ folder: String) -> [String]

    var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: "/usr/sbin/\(program)") }

    static let all = [dnsmasq, kea, iscDHCPD]

    static let dnsmasq = OtherServer(
        testDescription: "dnsmasq", program: "dnsmasq", ready: "dnsmasq-dhcp: DHCP, sockets bound",
        configuration: { snippet, folder in
            """
            port=0
            interface=server0
            bind-interfaces
            dhcp-range=10.0.0.100,10.0.0.120,255.255.255.0,1h
            dhcp-leasefile=\(folder)/dnsmasq.leases
            conf-file=\(snippet)

            """
        }, snippet: .dnsmasq, arguments: { file, _ in ["dnsmasq", "-d", "-C", file, "--user=root", "--no-ping"] })

    static let kea = OtherServer(
        testDescription: "Kea", program: "kea-dhcp4", ready: "",
        configuration: { snippet, _ in
            """
            {"Dhcp4": {
              "interfaces-config": {"interfaces": ["server0"]},
              "lease-database": {"type": "memfile", "persist": false},
              "client-classes": <?include "\(snippet)"?>,
              "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout", "flush": true}]}],
              "subnet4": [{"id": 1, "subnet": "10.0.0.0/24", "pools": [{"pool": "10.0.0.100-10.0.0.120"}],
                "option-data": [{"name": "routers", "data": "10.0.0.1"}]}]
            }}
            """
        }, snippet: .kea,
        arguments: { file, folder in ["env", "KEA_PIDFILE_DIR=\(folder)", "KEA_LOCKFILE_DIR=\(folder)", "kea-dhcp4", "-c", file] })

    static let iscDHCPD = OtherServer(
        testDescription: "ISC dhcpd", program: "dhcpd", ready: "Server starting service.",
        configuration: { snippet, _ in
            """
            ddns-update-style none;
            include "\(snippet)";
            subnet 10.0.0.0 netmask 255.255.255.0 {
              range 10.0.0.100 10.0.0.120;
              option routers 10.0.0.1;
            }

            """
        }, snippet: .iscDHCPD,
        arguments: { file, folder in
            ["dhcpd", "-4", "-d", "-cf", file, "-lf", "\(folder)/dhcpd.leases", "-pf", "\(folder)/dhcpd.pid", "--no-pid", "server0"]
        })

    /// Starts it in the server's namespace where no other is named; returns when it serves. It ends with the value that is returned.
    func start(in network: TestNetwork, namespace: String? = nil, _ text: String) throws -> ClientProgram {
        let folder = network.directory.path
        let (included, file) = (folder + "/bennu.conf", folder + "/server.conf")
        try text.write(toFile: included, atomically: true, encoding: .utf8)
        try configuration(included, folder).write(toFile: file, atomically: true, encoding: .utf8)
        try "".write(toFile: folder + "/dhcpd.leases", atomically: true, encoding: .utf8)
        let program = try ClientProgram(network, in: namespace ?? network.server, seconds: 300, arguments(file, folder))
        let isReady = ready.isEmpty ? program.line(containing: "DHCP4_STARTED") : program.line(ready)
        try #require(isReady != nil, "\(program.lines)")
        return program
    }
}

/// Sends packets as a host on the client's side of the cable, and takes what comes back by broadcast.
final class BroadcastClient {
    private let socket: UDPSocket
    private let batch = DatagramBatch()
    private var received: [IncomingDatagram] = []

    /// Where the last reply came from.
    private(set) var lastPort: UInt16 = 0

    init(_ network: TestNetwork, interface: String = "client0") throws {
        socket = try TestNetwork.inside(network.client) { try UDPSocket(interface: interface, port: DHCPMessage.clientPort) }
    }

    /// The first reply to `message` that `isWanted` takes, within `milliseconds`; `nil` when none comes.
    func exchange(
        _ message: DHCPMessage, to destination: IPv4Address = .broadcast, port: UInt16 = DHCPMessage.serverPort, milliseconds: Int32 = 5000,
        _ isWanted: (DHCPMessage) -> Bool = { _ in true }
    ) throws -> DHCPMessage? {
        var message = message
        message.wantsBroadcast = true
        let bytes = try message.encode(maximumSize: 1472)
        #expect(socket.send([OutgoingDatagram(bytes: bytes, destination: destination, port: port)]) == [nil])
        while true {
            while !received.isEmpty {
                let datagram = received.removeFirst()
                let reply = try DHCPMessage(decoding: datagram.bytes)
                lastPort = datagram.port
                if reply.transactionID == message.transactionID, reply.operation == .reply, isWanted(reply) { return reply }
            }
            guard try Readiness.wait(for: [socket.descriptor], milliseconds: milliseconds) == [true] else { return nil }
            received = try socket.receive(into: batch)
        }
    }
}

/// A packet that real firmware sent, of `Fixtures/dhcp`.
func capture(_ name: String) throws -> DHCPMessage {
    var root = URL(filePath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let text = try String(contentsOf: root.appending(path: "Fixtures/dhcp/\(name).hex"), encoding: .utf8)
    return try DHCPMessage(decoding: try #require(Hexadecimal.decode(text.utf8.filter { !Character(UnicodeScalar($0)).isWhitespace })))
}
