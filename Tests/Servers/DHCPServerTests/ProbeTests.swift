import AddressPlan
import DHCPServer
import DHCPWire
import DatagramIO
import FleetModel
import Foundation
import OperatorTypes
import Primitives
import Testing

/// What the server asks on its own link ahead of time.
@Suite(.enabled(if: TestNetwork.isPossible, "network namespaces need root"), .serialized)
struct ProbeTests {
    /// A switch in the client's namespace, with machines that have namespaces of their own.
    final class Wire {
        let network: TestNetwork
        let foreign: String
        let host: String

        init() throws {
            network = try TestNetwork()
            foreign = network.client.replacing("bennu-c-", with: "bennu-f-")
            host = network.client.replacing("bennu-c-", with: "bennu-h-")
            let client = network.client
            for line in ["-n \(client) link add br0 type bridge", "-n \(client) link set client0 master br0", "-n \(client) link set br0 up"] {
                try TestNetwork.ip(line)
            }
            for (name, port) in [(foreign, "port1"), (host, "port2")] {
                for line in [
                    "netns add \(name)", "-n \(client) link add \(port) type veth peer name eth0 netns \(name)",
                    "-n \(client) link set \(port) master br0", "-n \(client) link set \(port) up", "-n \(name) link set eth0 up",
                ] { try TestNetwork.ip(line) }
            }
        }

        deinit { for name in [foreign, host] { try? TestNetwork.ip("netns delete \(name)") } }

        func client() throws -> ClientProgram {
            let script = network.directory.appending(path: "told")
            try "#!/bin/sh\necho \"$1 ip=$ip\"\n".write(to: script, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path())
            return try ClientProgram(
                network, in: host, ["udhcpc", "-f", "-n", "-q", "-t", "8", "-T", "1", "-i", "eth0", "-s", script.path()])
        }
    }

    private func configuration() -> DHCPServerConfiguration {
        var configuration = DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080)
        configuration.probeTime = 200
        return configuration
    }

    @Test("An address that a foreign machine holds is quarantined before anybody is offered it, and a new client gets the next one")
    func conflict() async throws {
        let wire = try Wire()
        // The pool's next address, and one further on.
        for address in ["10.0.0.100", "10.0.0.102"] { try TestNetwork.ip("-n \(wire.foreign) address add \(address)/24 dev eth0") }
        var plan = try rackPlan()
        plan.probesAddresses = true
        let (directory, leases) = (try TestDirectory([plan]), TestLeaseStore())
        try await withServer(
            configuration(), directory: directory, leases: leases, openEndpoints: wire.network.openEndpoints, openLink: wire.network.openLink
        ) { server, _ in
            try directory.wait(for: "address-conflict", count: 2)
            let client = try wire.client()
            #expect(client.line("bound") == "bound ip=10.0.0.101", "\(client.lines)")
            let events = directory.events.filter { $0.name == "address-conflict" }
            #expect(Set(events.map { $0.attributes["pool-address"] }) == ["10.0.0.100", "10.0.0.102"])
            #expect(events.allSatisfy { $0.host == nil && $0.detail.contains("answers for") })
            #expect(server.trace.counts.conflicts == 2 && server.statistics.snapshot.conflicts == 2)
            let declined = leases.stored.filter { $0.state == .declined }
            #expect(declined.map(\.address).sorted() == [IPv4Address(10, 0, 0, 100), IPv4Address(10, 0, 0, 102)])
            #expect(declined.allSatisfy { $0.expires == 1000 + 3600 && $0.hardwareAddress.description == events[0].attributes["mac"] })
        }
    }

    @Test("A machine that answers for every address, as a router with local proxy ARP does, is believed for eight")
    func everything() async throws {
        let wire = try Wire()
        for last in 100...109 { try TestNetwork.ip("-n \(wire.foreign) address add 10.0.0.\(last)/24 dev eth0") }
        var plan = try rackPlan()
        plan.probesAddresses = true
        let (directory, leases) = (try TestDirectory([plan]), TestLeaseStore())
        try await withServer(
            configuration(), directory: directory, leases: leases, openEndpoints: wire.network.openEndpoints, openLink: wire.network.openLink
        ) { server, _ in
            try directory.wait(for: "address-conflict", count: 8)
            while server.trace.counts.conflicts < 10 { _ = try await server.orders.leases() }
            let client = try wire.client()
            let bound = try #require(client.line("bound"), "\(client.lines)")
            #expect(directory.eventNames.filter { $0 == "address-conflict" }.count == 8)
            let declined = leases.stored.filter { $0.state == .declined }.map { "bound ip=\($0.address)" }
            #expect(declined.count == 8 && !declined.contains(bound))
        }
    }

    @Test("A subnet that does not say so is not probed")
    func off() async throws {
        let wire = try Wire()
        try TestNetwork.ip("-n \(wire.foreign) address add 10.0.0.100/24 dev eth0")
        let directory = try TestDirectory([rackPlan()])
        let refuse: @Sendable (UInt32, LinkSocket.Kind) throws(SocketError) -> LinkSocket = { _, _ throws(SocketError) in
            throw SocketError("open what nobody asked for", code: 1)
        }
        try await withServer(
            configuration(), directory: directory, leases: TestLeaseStore(), openEndpoints: wire.network.openEndpoints, openLink: refuse
        ) { server, _ in
            let client = try wire.client()
            #expect(client.line("bound") == "bound ip=10.0.0.100", "\(client.lines)")
            #expect(server.trace.counts.conflicts == 0)
        }
    }

    @Test(
        "Another DHCP server is found though no client spoke, named with its address, and gives no lease",
        .enabled(if: OtherServer.dnsmasq.isInstalled))
    func otherServer() async throws {
        let wire = try Wire()
        try TestNetwork.ip("-n \(wire.foreign) address add 10.0.0.2/24 dev eth0")
        let file = wire.network.directory.path + "/foreign.conf"
        try "port=0\ninterface=eth0\nbind-interfaces\ndhcp-range=10.0.0.150,10.0.0.160,1h\ndhcp-leasefile=\(file).leases\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        let other = try ClientProgram(
            wire.network, in: wire.foreign, seconds: 120, ["dnsmasq", "-d", "-C", file, "--user=root", "--no-ping"])
        try #require(other.line(OtherServer.dnsmasq.ready) != nil, "\(other.lines)")
        var plan = try rackPlan()
        plan.probesServers = true
        let directory = try TestDirectory([plan])
        var configuration = configuration()
        // It answers at once, but the computer may be busy.
        configuration.probeTime = 2000
        try await withServer(
            configuration, directory: directory, leases: TestLeaseStore(), openEndpoints: wire.network.openEndpoints,
            openLink: wire.network.openLink
        ) { server, _ in
            try directory.wait(for: "other-dhcp-server", count: 1)
            let event = try #require(directory.events.first { $0.name == "other-dhcp-server" })
            #expect(event.host == nil && event.attributes["server"] == "10.0.0.2")
            #expect(event.attributes["offered"]?.hasPrefix("10.0.0.15") == true || event.attributes["offered"] == "10.0.0.160")
            let found = try #require(server.trace.counts.otherServers.first)
            #expect(found.address == IPv4Address(10, 0, 0, 2) && found.client == nil && found.answers == 1 && found.count == 0)
            #expect(directory.sightings.isEmpty, "no client spoke")
        }
        let leased = (try? String(contentsOfFile: file + ".leases", encoding: .utf8)) ?? ""
        #expect(leased.isEmpty, "\(leased)")
    }
}
