import AddressPlan
import DHCPServer
import Foundation
import Primitives
import Synchronization
import Testing

/// Clients that others wrote, on a cable of their own.
@Suite(.enabled(if: TestNetwork.isPossible, "network namespaces need root"), .serialized)
struct RealClientTests {
    static let script = """
        #!/bin/sh
        case "$1" in
        deconfig) ip address flush dev "$interface"; ip link set "$interface" up ;;
        bound | renew) ip address replace "$ip/$mask" dev "$interface" ;;
        esac
        echo "$1 ip=$ip mask=$mask router=$router dns=$dns lease=$lease serverid=$serverid siaddr=$siaddr boot_file=$boot_file"
        """

    private func script(in network: TestNetwork) throws -> String {
        let file = network.directory.appending(path: "script")
        try Self.script.write(to: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path())
        return file.path()
    }

    private func configuration() -> DHCPServerConfiguration { DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080) }

    @Test("udhcpc gets a lease, renews it and releases it", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/udhcpc")))
    func udhcpc() async throws {
        let network = try TestNetwork()
        let (directory, leases) = (try TestDirectory([rackPlan()]), TestLeaseStore())
        let clock = Mutex<Int64>(1000)
        let time: @Sendable () -> Int64 = { clock.withLock { $0 } }
        try await withServer(configuration(), directory: directory, leases: leases, clock: time, openEndpoints: network.openEndpoints) {
            server, _ in
            let client = try ClientProgram(
                network, ["udhcpc", "-f", "-n", "-t", "5", "-T", "1", "-i", "client0", "-p", "PIDFILE", "-s", script(in: network)])
            let bound = try #require(client.line("bound"), "\(client.lines)")
            #expect(bound.hasPrefix("bound ip=10.0.0.100 mask=24 router=10.0.0.1 dns=10.0.0.53 lease=3600 serverid=10.0.0.1"))
            #expect(leases.stored.map(\.expires) == [4600])
            clock.withLock { $0 = 2000 }
            try client.signal(SIGUSR1)
            #expect(client.line("renew") != nil, "\(client.lines)")
            #expect(leases.stored.map(\.expires) == [5600])
            try client.signal(SIGUSR2)
            #expect(client.line("deconfig") != nil, "\(client.lines)")
            try client.signal(SIGTERM)
            client.waitForEnd()
            // The release has no reply; the next exchange of the same link comes after it.
            let again = try ClientProgram(network, ["udhcpc", "-f", "-n", "-q", "-i", "client0", "-s", script(in: network)])
            #expect(again.line("bound") != nil, "\(again.lines)")
            // At least three: udhcpc sends its renewal by a connected socket, which swallows an answer that is faster than its close.
            let counted = server.statistics.snapshot
            #expect(counted.received["discover"] == 2 && counted.received["request", default: 0] >= 3 && counted.received["release"] == 1)
            #expect(counted.sent["acknowledgement"] == counted.received["request"], "\(client.lines) \(again.lines)")
            #expect(leases.stored.count == 1 && server.statistics.snapshot.refused.isEmpty)
        }
    }

    @Test("udhcpc as a BIOS PXE ROM and with the broadcast flag is told what to boot", arguments: [[], ["-B"]])
    func firmware(flags: [String]) async throws {
        let network = try TestNetwork()
        let directory = try TestDirectory([rackPlan()])
        try await withServer(configuration(), directory: directory, leases: TestLeaseStore(), openEndpoints: network.openEndpoints) {
            _, _ in
            let rom = ["-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000"] + flags
            let client = try ClientProgram(network, ["udhcpc", "-f", "-n", "-q", "-i", "client0", "-s", script(in: network)] + rom)
            let bound = try #require(client.line("bound"), "\(client.lines)")
            #expect(bound.hasSuffix("siaddr=10.0.0.1 boot_file=undionly.kpxe"))
            try directory.wait(for: "ack-sent")
            #expect(directory.eventNames == ["discover-received", "offer-sent", "request-received", "ack-sent"])
        }
    }

    @Test(
        "dhclient gets a lease, confirms it after a restart, and releases it",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/dhclient")))
    func dhclient() async throws {
        let network = try TestNetwork()
        let (directory, leases) = (try TestDirectory([rackPlan()]), TestLeaseStore())
        let settings = network.directory.appending(path: "dhclient.conf")
        try "initial-interval 1;\nbackoff-cutoff 2;\nrequest subnet-mask, routers;\n".write(to: settings, atomically: true, encoding: .utf8)
        let file = network.directory.appending(path: "dhclient.leases").path()
        let script = try script(in: network)
        func run(_ arguments: String...) throws -> ClientProgram {
            try ClientProgram(
                network, ["dhclient", "-v", "-cf", settings.path(), "-lf", file, "-pf", "PIDFILE", "-sf", script] + arguments + ["client0"])
        }
        try await withServer(
            configuration(), directory: directory, leases: leases, openEndpoints: network.openEndpoints
        ) { server, _ in
            let first = try run("-1", "-d")
            #expect(first.line("bound to 10.0.0.100") != nil, "\(first.lines)")
            try first.signal(SIGTERM)
            first.waitForEnd()
            let second = try run("-1", "-d")
            #expect(second.line("bound to 10.0.0.100") != nil, "\(second.lines)")
            #expect(!second.lines.contains { $0.hasPrefix("DHCPDISCOVER") }, "it asks for what it had")
            try second.signal(SIGTERM)
            second.waitForEnd()
            try TestNetwork.ip("-n \(network.client) address replace 10.0.0.100/24 dev client0")
            let release = try run("-r")
            release.waitForEnd()
            #expect(release.lines.contains { $0.hasPrefix("DHCPRELEASE of 10.0.0.100") }, "\(release.lines)")
            // DISCOVER, REQUEST, REQUEST, RELEASE; the last has no reply.
            try directory.wait(forSightings: 4)
            #expect(server.statistics.snapshot.refused.isEmpty)
        }
        #expect(leases.stored.map(\.state) == [.released])
    }

    @Test("A client from another network is told no and gets an address of this one")
    func wrongNetwork() async throws {
        let network = try TestNetwork()
        try await withServer(
            configuration(), directory: try TestDirectory([rackPlan()]), leases: TestLeaseStore(), openEndpoints: network.openEndpoints
        ) { server, _ in
            let client = try ClientProgram(
                network, ["udhcpc", "-f", "-n", "-q", "-i", "client0", "-r", "192.168.9.9", "-s", script(in: network)])
            #expect(client.line("bound")?.hasPrefix("bound ip=10.0.0.100") == true, "\(client.lines)")
            #expect(server.statistics.snapshot.sent["acknowledgement"] == 1)
        }
    }
}
