import AddressPlan
import DHCPServer
import DHCPWire
import DatagramIO
import Foundation
import Glibc
import OperatorTypes
import Primitives
import Testing

/// A server with two interfaces, `server0` 10.0.0.1/24 and `server1` 10.1.0.1/24, whose other ends are `client0` and `client1`.
private final class TwoLinks {
    let network: TestNetwork
    /// Behind the client's namespace, which can be its relay: `host0`, where 10.2.0.0/24 is.
    let host: String

    static let configuration = DHCPServerConfiguration(interfaces: [.init("server0"), .init("server1")], httpPort: 8080)

    init() throws {
        network = try TestNetwork()
        let (server, client) = (network.server, network.client)
        host = client.replacing("bennu-c-", with: "bennu-h-")
        for line in [
            "-n \(server) link add server1 type veth peer name client1 netns \(client)", "-n \(server) address add 10.1.0.1/24 dev server1",
            "-n \(server) link set server1 up", "-n \(client) link set client1 up", "netns add \(host)",
            "-n \(client) link add relay0 type veth peer name host0 netns \(host)", "-n \(client) link set relay0 up",
            "-n \(host) link set host0 up", "-n \(host) link set lo up",
        ] { try TestNetwork.ip(line) }
    }

    deinit { try? TestNetwork.ip("netns delete \(host)") }
}

/// Every DHCP reply that comes by a link, whomever it is for.
private final class ReplyTap {
    private let socket: LinkSocket

    init(_ namespace: String, _ interface: String) throws {
        socket = try TestNetwork.inside(namespace) {
            guard let link = try NetworkInterface.named(interface) else { throw SocketError("find \(interface)", code: ENODEV) }
            return try LinkSocket(interfaceIndex: link.index, kind: .udp(port: DHCPMessage.clientPort))
        }
    }

    /// The next; `nil` when none comes in time.
    func next(milliseconds: Int32 = 5000) throws -> (source: IPv4Address, message: DHCPMessage)? {
        while try Readiness.wait(for: [socket.descriptor], milliseconds: milliseconds) == [true] {
            guard let datagram = socket.receive().flatMap({ IPv4UDPPacket.decode($0) }) else { continue }
            return (datagram.source, try DHCPMessage(decoding: datagram.payload))
        }
        return nil
    }

    /// Those that are there.
    func all() throws -> [(source: IPv4Address, message: DHCPMessage)] {
        var found: [(source: IPv4Address, message: DHCPMessage)] = []
        while let reply = try next(milliseconds: 0) { found.append(reply) }
        return found
    }
}

/// One server with several interfaces or addresses, and clients that others wrote.
@Suite(.enabled(if: TestNetwork.isPossible, "network namespaces need root"), .serialized)
struct TwoInterfaceTests {
    private func script(in network: TestNetwork) throws -> String {
        let file = network.directory.appending(path: "script")
        try RealClientTests.script.write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path())
        return file.path()
    }

    private func udhcpc(_ network: TestNetwork, in namespace: String? = nil, _ interface: String, _ more: [String]) throws -> ClientProgram {
        try ClientProgram(
            network, in: namespace, ["udhcpc", "-f", "-n", "-t", "8", "-T", "1", "-i", interface, "-s", script(in: network)] + more)
    }

    private func plan(_ name: String, _ prefix: String) throws -> SubnetPlan {
        var plan = try rackPlan(prefix)
        plan.name = name
        return plan
    }

    static let roms = [
        (["-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000"], "siaddr=SERVER boot_file=undionly.kpxe"),
        (["-V", "HTTPClient:Arch:00016:UNDI:003001", "-x", "0x5d:0010"], "siaddr= boot_file=http://SERVER:8080/boot-files/snponly.efi"),
    ]

    @Test("Clients of two interfaces get addresses of their own link and are told its server, and no reply leaves by the other")
    func twoInterfaces() async throws {
        let links = try TwoLinks()
        let directory = try TestDirectory([plan("a", "10.0.0.0/24"), plan("b", "10.1.0.0/24")])
        let taps = try ["client0", "client1"].map { try ReplyTap(links.network.client, $0) }
        try await withServer(
            TwoLinks.configuration, directory: directory, leases: TestLeaseStore(), openEndpoints: links.network.openEndpoints
        ) { server, _ in
            for (rom, told) in Self.roms {
                for flags in [[], ["-B"]] {
                    for (interface, net) in [("client0", "10.0.0"), ("client1", "10.1.0")] {
                        let client = try udhcpc(links.network, interface, ["-q"] + rom + flags)
                        let bound = try #require(client.line("bound"), "\(client.lines)")
                        #expect(bound.hasPrefix("bound ip=\(net).100 mask=24 router=\(net).1 "), "\(bound)")
                        #expect(bound.hasSuffix(" serverid=\(net).1 " + told.replacing("SERVER", with: "\(net).1")), "\(bound)")
                    }
                }
            }
            #expect(server.statistics.snapshot.refused.isEmpty && server.trace.counts.otherServers.isEmpty)
        }
        for (tap, net) in zip(taps, [UInt8(0), 1]) {
            let replies = try tap.all()
            #expect(replies.count >= 8)
            for (source, reply) in replies {
                #expect(source == IPv4Address(10, net, 0, 1) && reply.yourAddress == IPv4Address(10, net, 0, 100))
            }
        }
    }

    @Test(
        "A relay with two helper addresses that are both ours: whichever the client takes is us, and no other server",
        .enabled(if: OtherServer.dnsmasq.isInstalled))
    func relayToBoth() async throws {
        let links = try TwoLinks()
        let (server, client) = (links.network.server, links.network.client)
        for line in [
            "-n \(client) address add 10.0.0.2/24 dev client0", "-n \(client) address add 10.1.0.2/24 dev client1",
            "-n \(client) address add 10.2.0.1/24 dev relay0", "-n \(server) route add 10.2.0.0/24 via 10.0.0.2",
        ] { try TestNetwork.ip(line) }
        let directory = try TestDirectory([plan("c", "10.2.0.0/24")])
        let tap = try ReplyTap(links.host, "host0")
        try await withServer(
            TwoLinks.configuration, directory: directory, leases: TestLeaseStore(), openEndpoints: links.network.openEndpoints
        ) { server, _ in
            let relay = try ClientProgram(
                links.network,
                [
                    "dnsmasq", "-d", "-C", "/dev/null", "--port=0", "--dhcp-relay=10.2.0.1,10.0.0.1,client0",
                    "--dhcp-relay=10.2.0.1,10.1.0.1,client1",
                ])
            for _ in 0..<2 { #expect(relay.line("dnsmasq-dhcp: DHCP relay") != nil, "\(relay.lines)") }
            let client = try udhcpc(links.network, in: links.host, "host0", ["-q"])
            let bound = try #require(client.line("bound"), "\(client.lines)")
            // Both interfaces acknowledge, by the address that the client chose.
            var acknowledgements: [IPv4Address?] = []
            while acknowledgements.count < 2 {
                let reply = try #require(try tap.next()?.message, "\(server.statistics.snapshot)")
                if reply.messageType == .acknowledgement { acknowledgements.append(reply.serverIdentifier) }
            }
            for chosen in acknowledgements { #expect(bound.contains(" serverid=\(try #require(chosen)) "), "\(bound)") }
            #expect(server.statistics.snapshot.refused.isEmpty && server.trace.counts.otherServers.isEmpty)
            #expect(!directory.eventNames.contains("other-dhcp-server"))
        }
    }

    @Test("Of several addresses on one interface a client is told the one in the subnet that it is given an address in, and renews there")
    func severalAddresses() async throws {
        let network = try TestNetwork()
        try TestNetwork.ip("-n \(network.server) address add 10.1.0.1/24 dev server0")
        var plans = [try plan("a", "10.0.0.0/24"), try plan("b", "10.1.0.0/24")]
        for index in plans.indices { plans[index].sharedNetwork = "wire" }
        plans[0].pools = []
        let tap = try ReplyTap(network.client, "client0")
        let configuration = DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080)
        try await withServer(configuration, directory: try TestDirectory(plans), leases: TestLeaseStore(), openEndpoints: network.openEndpoints) {
            server, _ in
            let (rom, told) = Self.roms[1]
            let client = try udhcpc(network, "client0", ["-p", "PIDFILE"] + rom)
            let bound = try #require(client.line("bound"), "\(client.lines)")
            #expect(bound.hasPrefix("bound ip=10.1.0.100 "), "\(bound)")
            #expect(bound.hasSuffix(" serverid=10.1.0.1 " + told.replacing("SERVER", with: "10.1.0.1")), "\(bound)")
            try client.signal(SIGUSR1)
            let renewed = try #require(client.line("renew"), "\(client.lines) \(server.statistics.snapshot)")
            #expect(renewed.contains(" serverid=10.1.0.1 "), "\(renewed)")
            #expect(try tap.all().allSatisfy { $0.source == IPv4Address(10, 1, 0, 1) })
            #expect(server.statistics.snapshot.refused.isEmpty)
        }
    }
}
