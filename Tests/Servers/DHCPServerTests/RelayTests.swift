import AddressPlan
import BootPolicy
import DHCPServer
import Foundation
import Primitives
import Testing

/// A client behind a relay agent: `host0` on 10.1.0.0/24, whose router 10.1.0.1 relays to the server at 10.0.0.1.
private final class RelayNetwork {
    /// The server, and the relay as its client.
    let uplink: TestNetwork
    let host: String

    init() throws {
        uplink = try TestNetwork()
        host = uplink.client.replacing("bennu-c-", with: "bennu-h-")
        for line in [
            "netns add \(host)", "-n \(uplink.client) link add relay0 type veth peer name host0 netns \(host)",
            "-n \(uplink.client) address add 10.1.0.1/24 dev relay0", "-n \(uplink.client) link set relay0 up",
            "-n \(uplink.client) address add 10.0.0.2/24 dev client0", "-n \(host) link set host0 up", "-n \(host) link set lo up",
            "-n \(uplink.server) route add 10.1.0.0/24 via 10.0.0.2",
            "netns exec \(uplink.client) sysctl -q -w net.ipv4.ip_forward=1",
        ] { try TestNetwork.ip(line) }
    }

    deinit { try? TestNetwork.ip("netns delete \(host)") }

    /// udhcpc until it is stopped; its script also sets the default route, which renewals take past the relay agent.
    func client(_ arguments: String...) throws -> ClientProgram {
        let script = uplink.directory.appending(path: "relayed")
        try """
        #!/bin/sh
        case "$1" in
        deconfig) ip address flush dev "$interface"; ip link set "$interface" up ;;
        bound | renew) ip address replace "$ip/24" dev "$interface"; ip route replace default via "$router" ;;
        esac
        echo "$1 ip=$ip router=$router serverid=$serverid"
        """.write(to: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path())
        return try ClientProgram(uplink, in: host, ["udhcpc", "-f", "-n", "-i", "host0", "-p", "PIDFILE", "-s", script.path()] + arguments)
    }
}

/// Relay agents that others wrote, with what each adds to a message.
@Suite(.enabled(if: TestNetwork.isPossible, "network namespaces need root"), .serialized)
struct RelayTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let command: [String]
        /// The line that says that it relays; `nil` for one that says nothing, whose client has to ask until it is there.
        var ready: String?
        var circuit: String?
        var refused: Set<String> = []
        var isInstalled: Bool {
            ["/usr/sbin", "/usr/local/sbin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(command[0])") }
        }
    }

    static let isc = ["dhcrelay", "-4", "-d", "--no-pid"]
    static let rows = [
        Row(
            testDescription: "isc-dhcp-relay with giaddr alone", command: isc + ["-id", "relay0", "-iu", "client0", "10.0.0.1"],
            ready: "Sending on   Socket"),
        Row(
            testDescription: "isc-dhcp-relay with option 82", command: isc + ["-a", "-id", "relay0", "-iu", "client0", "10.0.0.1"],
            ready: "Sending on   Socket", circuit: Hexadecimal.encode(Array("relay0".utf8))),
        Row(
            testDescription: "isc-dhcp-relay with the link in 82.5, and the address of its uplink as giaddr",
            command: isc + ["-a", "-U", "client0", "-id", "relay0", "10.0.0.1"],
            ready: "Sending on   Socket", circuit: Hexadecimal.encode(Array("relay0".utf8)),
            // It also sees the renewal leave by its uplink, and passes that on once more, without a link: the network of giaddr is the wrong one.
            refused: ["address-outside-subnet"]),
        Row(
            testDescription: "dnsmasq with giaddr alone",
            command: ["dnsmasq", "-d", "-C", "/dev/null", "--port=0", "--dhcp-relay=10.1.0.1,10.0.0.1,client0"], ready: "dnsmasq-dhcp: DHCP relay"),
        Row(testDescription: "dhcp-helper with giaddr alone", command: ["dhcp-helper", "-d", "-i", "relay0", "-s", "10.0.0.1"]),
    ]

    @Test("A client behind a relay gets an address of its own link and renews it", arguments: rows.filter(\.isInstalled))
    func relayed(_ row: Row) async throws {
        let network = try RelayNetwork()
        let leases = TestLeaseStore()
        let directory = try TestDirectory([rackPlan(), rackPlan("10.1.0.0/24")])
        let configuration = DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080)
        try await withServer(configuration, directory: directory, leases: leases, openEndpoints: network.uplink.openEndpoints) { server, _ in
            let relay = try ClientProgram(network.uplink, row.command)
            if let ready = row.ready { #expect(relay.line(ready) != nil, "\(relay.lines)") }
            let client = try network.client("-t", "8", "-T", "1")
            let bound = try #require(client.line("bound"), "\(client.lines) \(relay.lines) \(server.statistics.snapshot)")
            #expect(bound == "bound ip=10.1.0.100 router=10.1.0.1 serverid=10.0.0.1")
            #expect(leases.stored.map(\.circuit?.circuit) == [row.circuit])
            try client.signal(SIGUSR1)
            #expect(client.line("renew") != nil, "\(client.lines) \(server.statistics.snapshot)")
            // A renewal that went past the relay had no option 82: what the lease knew stays.
            #expect(leases.stored.map(\.circuit?.circuit) == [row.circuit])
            #expect(Set(server.statistics.snapshot.refused.keys).isSubset(of: row.refused))
        }
    }

    @Test("What is plugged into a port gets that port's address, and keeps it by renewals that pass no relay")
    func port() async throws {
        let row = Self.rows[1]
        guard row.isInstalled else { return }
        let network = try RelayNetwork()
        var plan = try rackPlan("10.1.0.0/24")
        plan.circuitReservations = [RelayCircuit(circuit: Hexadecimal.encode(Array("relay0".utf8))): IPv4Address(10, 1, 0, 50)]
        let leases = TestLeaseStore()
        let configuration = DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080)
        try await withServer(configuration, directory: TestDirectory([plan]), leases: leases, openEndpoints: network.uplink.openEndpoints) {
            server, _ in
            let relay = try ClientProgram(network.uplink, row.command)
            if let ready = row.ready { #expect(relay.line(ready) != nil, "\(relay.lines)") }
            let client = try network.client("-t", "8", "-T", "1")
            #expect(client.line("bound")?.hasPrefix("bound ip=10.1.0.50 ") == true, "\(client.lines) \(server.statistics.snapshot)")
            try client.signal(SIGUSR1)
            #expect(client.line("renew")?.hasPrefix("renew ip=10.1.0.50 ") == true, "\(client.lines) \(server.statistics.snapshot)")
        }
    }
}
