import Foundation
import TestSupport
import Testing

@Suite("Leases by the command line", .enabled(if: geteuid() == 0, "network namespaces need root"), .timeLimit(.minutes(2)))
struct LeaseCommandTests {
    private static let subnet =
        "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: lab}\nspec: {prefix: 10.77.0.0/24, pools: [10.77.0.100-10.77.0.101]}\n"

    @Test("a real client's lease is listed, shown, released, and still released after a restart")
    func wholeLife() throws {
        let network = try NetworkOfItsOwn()
        let directory = try TemporaryDirectory()
        let arguments = ["--roles", "dhcp,boot,operator", "--interface", "rack0"]
        let server = try RunningServer(directory, arguments, command: network.command)
        #expect(try server.apply(Self.subnet).status == 0)
        _ = try network.output(of: ["ip", "link", "set", "rack1", "up"])
        let client = try network.output(of: ["udhcpc", "-f", "-n", "-q", "-t", "8", "-T", "1", "-i", "rack1", "-s", "/bin/true"])
        let listed = try server.run("lease", "list")
        #expect(listed.output.contains("10.77.0.100  bound") && listed.output.contains("lab"), "\(listed) \(client)")
        #expect(try server.run("lease", "list", "--state", "declined").output == "no lease\n")
        #expect(try server.run("lease", "list", "--subnet", "lab", "--state", "bound", "--output", "json").output.contains("\"10.77.0.100\""))
        #expect(try server.run("lease", "show", "10.77.0.100").output.contains("state: bound"))
        let status = try server.run("status").output
        let pool = "SUBNET  ADDRESSES  IN USE  DECLINED  STRANGERS  AT MOST\nlab     2          1       0         1          2\n"
        #expect(status.contains(pool), "\(status)")
        #expect(try server.run("status", "--output", "json").output.contains("\"strangers\""))
        let trace = try server.run("dhcp", "trace", "--interface", "rack0")
        #expect(trace.output.contains(" rack0 < discover from 0.0.0.0:68, ") && trace.output.contains(": answered\n"), "\(trace)")
        #expect(trace.output.contains("    your address: 10.77.0.100\n"))
        #expect(try server.run("dhcp", "trace", "--brief", "--interface", "rack1").output.isEmpty)
        #expect(try server.run("dhcp", "trace", "nobody").errors.contains("no host is known"))
        #expect(try server.run("dhcp", "trace", "nobody", "--follow").errors.contains("no host is known"))
        try follow(server, network)
        #expect(try server.run("dhcp", "statistics").output.contains("discover         received"))
        for (command, code) in [
            (["list", "--host", "nobody"], "no host is known"), (["list", "--subnet", "none"], "no Subnet document"), (["show", "x"], "expected"),
            (["show", "10.77.0.9"], "no lease of 10.77.0.9"), (["release", "10.77.0.9"], "no lease of 10.77.0.9"),
        ] {
            let refused = try Program.run(["lease"] + command + ["--socket", server.socket])
            #expect(refused.status == 1 && refused.errors.contains(code), "\(refused)")
        }
        #expect(try server.run("lease", "list", "--state", "happy").status == 64)
        #expect(try server.run("lease", "release", "10.77.0.100").status == 0)
        server.kill(SIGKILL)
        let again = try RunningServer(directory, arguments, command: network.command)
        #expect(try again.run("lease", "list", "--state", "released").output.contains("10.77.0.100  released"))
        let twice = try again.run("lease", "release", "10.77.0.100")
        #expect(twice.status == 1 && twice.errors.contains("has ended already"), "\(twice)")
        // The address of the running server is in what it prints for others.
        #expect(try again.run("dhcp", "snippet", "dnsmasq").output.contains("http://10.77.0.1:8080/boot.ipxe"))
        #expect(try again.run("dhcp", "snippet", "kea", "--interface", "rack9").errors.contains("rack0 (10.77.0.1)"))
    }

    @Test("an address that a foreign machine holds is shown by the running program: as an event, a count and a declined lease, and is not given")
    func conflict() throws {
        let network = try NetworkOfItsOwn()
        let foreign = try network.separatePeer()
        _ = try NetworkOfItsOwn.output(of: foreign + ["ip", "address", "add", "10.77.0.100/24", "dev", "rack1"])
        let server = try RunningServer(try TemporaryDirectory(), ["--roles", "dhcp,operator", "--interface", "rack0"], command: network.command)
        #expect(try server.run("dhcp", "events").output == "no event\n")
        #expect(try server.apply(Self.subnet.replacing("{prefix", with: "{probeAddresses: true, probeServers: true, prefix")).status == 0)
        while try server.run("dhcp", "events").output == "no event\n" { usleep(50_000) }
        let events = try server.run("dhcp", "events").output
        #expect(events.contains("address-conflict") && events.contains("answers for 10.77.0.100, which is free"), "\(events)")
        #expect(try server.run("dhcp", "events", "--output", "json").output.contains("\"pool-address\""))
        #expect(try server.run("lease", "list", "--state", "declined").output.contains("10.77.0.100"))
        #expect(try server.run("dhcp", "statistics").output.contains("1 free address that another machine answered for"))
        let client = try NetworkOfItsOwn.output(
            of: foreign + ["udhcpc", "-f", "-n", "-q", "-t", "8", "-T", "1", "-i", "rack1", "-s", "/bin/true"])
        #expect(try server.run("lease", "list", "--state", "bound").output.contains("10.77.0.101"), "\(client)")
        #expect(try server.run("status", "--output", "json").output.contains("\"address-conflicts\""))
        #expect(try server.run("lease", "release", "10.77.0.100").status == 0)
        #expect(server.kill(SIGTERM) == 0)
    }

    /// Packets that come while somebody looks are shown to him.
    private func follow(_ server: RunningServer, _ network: NetworkOfItsOwn) throws {
        let output = server.directory.path + "/trace"
        let trace = try Program.start(
            ["dhcp", "trace", "--follow", "--brief", "--socket", server.socket], output: output, errors: server.directory.path + "/trace-errors")
        defer {
            trace.terminate()
            trace.waitUntilExit()
        }
        func acknowledgements() throws -> Int {
            try String(contentsOfFile: output, encoding: .utf8).components(separatedBy: " acknowledgement to ").count - 1
        }
        while try acknowledgements() < 1, trace.isRunning { usleep(10_000) }
        _ = try network.output(of: ["udhcpc", "-f", "-n", "-q", "-t", "8", "-T", "1", "-i", "rack1", "-s", "/bin/true"])
        while try acknowledgements() < 2, trace.isRunning { usleep(10_000) }
        #expect(try acknowledgements() >= 2 && trace.isRunning)
    }

    @Test("a server without the role says so; what needs no server needs none")
    func withoutRole() throws {
        let server = try RunningServer(try TemporaryDirectory())
        let refused = try server.run("lease", "list")
        #expect(refused.status == 1 && refused.errors.contains("serves no DHCP"))
        #expect(try server.run("dhcp", "trace").errors.contains("serves no DHCP"))
        #expect(try server.run("dhcp", "snippet", "kea").errors.contains("--server"))
        let snippet = try Program.run(["dhcp", "snippet", "isc-dhcpd", "--server", "10.9.9.9", "--http-port", "80"])
        #expect(snippet.status == 0 && snippet.output.contains("filename \"http://10.9.9.9/boot.ipxe\""))
    }
}
