import AddressPlan
import DHCPServer
import Foundation
import Glibc
import Primitives
import Testing

private let dhcpcdProgram = "/usr/sbin/dhcpcd"
private let networkdProgram = "/usr/lib/systemd/systemd-networkd"
private let dhcpstarvProgram = "/usr/bin/dhcpstarv"
private let perfdhcpProgram = "/usr/sbin/perfdhcp"

private func isInstalled(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }

/// The clients of running systems that others wrote, each with its state in a mount namespace of its own.
@Suite(.enabled(if: TestNetwork.isPossible, "network namespaces need root"), .serialized)
struct SystemClientTests {
    private static let configuration = DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080)

    /// Runs a shell's lines in the client's network, where mounts go no further; the last line becomes the program.
    private func program(_ network: TestNetwork, seconds: Int = 60, _ lines: String) throws -> ClientProgram {
        let script = "mount --make-rprivate / && cd '\(network.directory.path())' && echo $$ >\"$0\"\n" + lines
        return try ClientProgram(network, seconds: seconds, ["unshare", "-m", "sh", "-e", "-c", script, "PIDFILE"])
    }

    /// - Parameter beside: lines of the shell that runs beside it; its process is `$!`.
    private func startDhcpcd(_ network: TestNetwork, _ arguments: String, beside: String = "") throws -> ClientProgram {
        try program(
            network,
            """
            mkdir -p state && mount --bind state /var/lib/dhcpcd && mkdir -p /run/dhcpcd && mount -t tmpfs none /run/dhcpcd
            printf '#!/bin/sh\\ntouch '"$PWD"'/"$reason"\\n' >hook && chmod 755 hook
            dhcpcd -4 -B -d --noipv4ll -f /dev/null -c "$PWD/hook" \(arguments) client0 &
            \(beside)
            wait
            """)
    }

    @Test("dhcpcd gets a lease, asks for it again after a restart, and releases it", .enabled(if: isInstalled(dhcpcdProgram)))
    func dhcpcd() async throws {
        let network = try TestNetwork()
        let (directory, leases) = (try TestDirectory([rackPlan()]), TestLeaseStore())
        try await withServer(Self.configuration, directory: directory, leases: leases, openEndpoints: network.openEndpoints) { server, _ in
            let first = try startDhcpcd(network, "-1 --noarp")
            #expect(first.line("client0: leased 10.0.0.100 for 3600 seconds") != nil, "\(first.lines)")
            #expect(first.line("client0: adding default route via 10.0.0.1") != nil, "\(first.lines)")
            first.waitForEnd()
            // It is deaf to signals at times, so it is told to release its lease until it ends.
            let second = try startDhcpcd(
                network, "--noarp", beside: "while kill -0 $! 2>&-; do if [ -e REBOOT ]; then kill -ALRM $! || true; fi; sleep 0.1; done")
            second.waitForEnd()
            #expect(second.lines.contains("client0: rebinding lease of 10.0.0.100"), "\(second.lines)")
            #expect(!second.lines.contains { $0.contains("DISCOVER") }, "it asks for what it had")
            #expect(second.lines.contains("client0: releasing lease of 10.0.0.100"), "\(second.lines)")
            // DISCOVER, two REQUESTs, RELEASE; the last has no reply.
            try directory.wait(forSightings: 4)
            #expect(server.statistics.snapshot.refused.isEmpty)
        }
        #expect(leases.stored.map(\.state) == [.released])
    }

    @Test("dhcpcd declines an address that somebody answers for, which is kept back, and takes the next", .enabled(if: isInstalled(dhcpcdProgram)))
    func conflict() async throws {
        let network = try TestNetwork()
        // The server's own side of the cable answers ARP for the first address of the pool.
        try TestNetwork.ip("-n \(network.server) address add 10.0.0.100/32 dev server0")
        let (directory, leases) = (try TestDirectory([rackPlan()]), TestLeaseStore())
        try await withServer(Self.configuration, directory: directory, leases: leases, openEndpoints: network.openEndpoints) { server, _ in
            let client = try startDhcpcd(network, "-1")
            #expect(client.line("client0: leased 10.0.0.101 for 3600 seconds") != nil, "\(client.lines)")
            #expect(server.statistics.snapshot.received["decline"] == 1)
        }
        #expect(
            Dictionary(leases.stored.map { ($0.address, $0.state) }) { first, _ in first } == [
                IPv4Address(10, 0, 0, 100): .declined, IPv4Address(10, 0, 0, 101): .bound,
            ])
    }

    @Test("systemd-networkd gets a lease and releases it when it stops", .enabled(if: isInstalled(networkdProgram)))
    func networkd() async throws {
        let network = try TestNetwork()
        let (directory, leases) = (try TestDirectory([rackPlan()]), TestLeaseStore())
        try await withServer(Self.configuration, directory: directory, leases: leases, openEndpoints: network.openEndpoints) { server, _ in
            // A read-only /sys tells it that no udev will speak of the interface.
            let client = try program(
                network,
                """
                mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && mkdir -p /run/systemd/netif /run/systemd/network
                chown systemd-network: /run/systemd/netif
                mount -o remount,bind,ro /sys
                printf '[Match]\\nName=client0\\n[Network]\\nDHCP=ipv4\\nLinkLocalAddressing=no\\nIPv6AcceptRA=no\\n' >/run/systemd/network/client0.network
                SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info exec \(networkdProgram)
                """)
            #expect(client.line("client0: DHCPv4 address 10.0.0.100/24, gateway 10.0.0.1 acquired from 10.0.0.1") != nil, "\(client.lines)")
            #expect(leases.stored.map(\.state) == [.bound])
            try client.signal(SIGTERM)
            client.waitForEnd()
            try directory.wait(forSightings: 3)
            #expect(server.statistics.snapshot.received == ["discover": 1, "request": 1, "release": 1])
            #expect(server.statistics.snapshot.refused.isEmpty)
        }
        #expect(leases.stored.map(\.state) == [.released])
    }

    @Test(
        "dhcpstarv empties the pool but for what its limit keeps: a host with a document gets an address, a stranger none",
        .enabled(if: isInstalled(dhcpstarvProgram)), arguments: [45, 50])
    func starvation(most: Int) async throws {
        let network = try TestNetwork()
        try TestNetwork.ip("-n \(network.client) link set client0 address \(nic(1))")
        var plan = try rackPlan(pool: 50)
        plan.mostStrangers = most
        let (directory, leases) = (try TestDirectory([plan]), TestLeaseStore())
        try await withServer(Self.configuration, directory: directory, leases: leases, openEndpoints: network.openEndpoints) { server, _ in
            // Ends with the test.
            let starving = try ClientProgram(network, seconds: 60, ["dhcpstarv", "-i", "client0"])
            func refused() -> UInt64 { server.statistics.snapshot.refused["unknown-host-limit", default: 0] }
            // Between two of its messages may be seconds, and the one that is refused may be here already.
            let end = ContinuousClock.now + .seconds(60)
            while refused() == 0, .now < end { try await Task.sleep(for: .milliseconds(20)) }
            #expect(leases.stored.count == most && Set(leases.stored.map(\.hardwareAddress)).count == most, "\(starving.lines)")
            func ask() throws -> ClientProgram {
                try ClientProgram(network, ["udhcpc", "-f", "-n", "-q", "-t", "3", "-T", "1", "-i", "client0", "-s", "/bin/true"])
            }
            let stranger = try ask()
            stranger.waitForEnd()
            #expect(stranger.lines.contains { $0.contains("no lease") }, "\(stranger.lines)")
            directory.know(nic(1))
            let known = try ask()
            known.waitForEnd()
            let hasLease = leases.stored.contains { $0.hardwareAddress == nic(1) && $0.address == IPv4Address(10, 0, 0, 145) }
            #expect(hasLease == (most == 45), "\(known.lines)")
            #expect((server.statistics.snapshot.refused["pool-exhausted"] != nil) == (most == 50))
        }
    }

    @Test("An avalanche of 300 clients that ask at once all get an address of their own", .enabled(if: isInstalled(perfdhcpProgram)))
    func avalanche() async throws {
        let network = try TestNetwork(address: "10.0.0.1/22")
        try TestNetwork.ip("-n \(network.client) address add 10.0.0.2/22 dev client0")
        let leases = TestLeaseStore()
        let directory = try TestDirectory([rackPlan("10.0.0.0/22", pool: 400)])
        try await withServer(Self.configuration, directory: directory, leases: leases, openEndpoints: network.openEndpoints) { server, _ in
            let load = try ClientProgram(
                network, seconds: 60, ["perfdhcp", "-4", "--scenario", "avalanche", "-R", "300", "-u", "-l", "client0", "10.0.0.1"])
            #expect(load.line(containing: "to provision 300 clients") != nil, "\(load.lines)")
            load.waitForEnd()
            #expect(load.lines.filter { $0.hasPrefix("non unique addresses: ") } == ["non unique addresses: 0", "non unique addresses: 0"])
            #expect(server.statistics.snapshot.refused.isEmpty)
        }
        #expect(leases.stored.count == 300 && Set(leases.stored.map(\.hardwareAddress)).count == 300)
    }
}
