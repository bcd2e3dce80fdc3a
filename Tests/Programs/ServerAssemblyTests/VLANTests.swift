import Foundation
import TestSupport
import Testing

/// A wire that carries nothing but VLAN 42, tagged: `rack0.42` is the server's, `rack1.42` the client's.
@Suite("A tagged network", .enabled(if: geteuid() == 0, "network namespaces need root"), .timeLimit(.minutes(2)))
struct VLANTests {
    /// Linux's own VLANs (8021q), where this kernel has them.
    static let isPossible: Bool = {
        guard geteuid() == 0, let network = try? NetworkOfItsOwn() else { return false }
        return (try? network.output(of: ["sh", "-c", "ip link add link rack0 name rack0.7 type vlan id 7 2>/dev/null && echo made"])) == "made\n"
    }()

    private func serve(_ network: NetworkOfItsOwn) throws -> RunningServer {
        let server = try RunningServer(
            try TemporaryDirectory(), ["--roles", "dhcp,boot,operator", "--interface", "rack0.42"], command: network.command)
        let applied = try server.apply(
            "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: lab}\nspec: {prefix: 10.77.0.0/24, pools: [10.77.0.100-10.77.0.101]}\n")
        try #require(applied.status == 0, "\(applied)")
        return server
    }

    @Test(
        "real clients behind a VLAN interface get addresses by tagged frames, and an untagged one gets none",
        .enabled(if: isPossible, "this kernel has no VLANs (CONFIG_VLAN_8021Q)"))
    func tagged() throws {
        let network = try NetworkOfItsOwn()
        let client = try network.separatePeer()
        _ = try network.output(of: [
            "sh", "-ec",
            """
            ip address flush dev rack0
            ip link add link rack0 name rack0.42 type vlan id 42
            ip address add 10.77.0.1/24 dev rack0.42
            ip link set rack0.42 up
            """,
        ])
        _ = try NetworkOfItsOwn.output(
            of: client + ["sh", "-ec", "ip link add link rack1 name rack1.42 type vlan id 42; ip link set rack1.42 up"])
        let server = try serve(network)
        func udhcpc(_ interface: String, tries: Int) throws -> String {
            try NetworkOfItsOwn.output(
                of: client + ["sh", "-c", "udhcpc -f -n -q -t \(tries) -T 1 -i \(interface) -s /bin/true 2>&1"])
        }
        let untagged = try udhcpc("rack1", tries: 1)
        #expect(untagged.contains("no lease"), "\(untagged)")
        let tagged = try udhcpc("rack1.42", tries: 8)
        #expect(tagged.contains("lease of 10.77.0.100 obtained"), "\(tagged)")
        let trace = try server.run("dhcp", "trace", "--brief", "--interface", "rack0.42").output
        #expect(trace.contains("discover from 0.0.0.0:68") && trace.contains("acknowledgement to"), "\(trace)")
    }

    /// What the server does with a name that has a dot in it, where the kernel has no VLANs as well.
    @Test("an interface that is named like a VLAN's is served like any other")
    func named() throws {
        let network = try NetworkOfItsOwn()
        _ = try network.output(of: [
            "sh", "-ec", "ip link set rack0 down; ip link set rack0 name rack0.42; ip link set rack0.42 up; ip link set rack1 up",
        ])
        let server = try serve(network)
        _ = try network.output(of: ["udhcpc", "-f", "-n", "-q", "-t", "8", "-T", "1", "-i", "rack1", "-s", "/bin/true"])
        let trace = try server.run("dhcp", "trace", "--brief", "--interface", "rack0.42").output
        #expect(trace.contains("acknowledgement to"), "\(trace)")
    }
}
