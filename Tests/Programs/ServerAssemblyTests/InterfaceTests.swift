import Foundation
import TestSupport
import Testing

/// The whole server with several interfaces or addresses: what clients are told is where they get it.
@Suite("Several interfaces and addresses", .enabled(if: geteuid() == 0, "network namespaces need root"), .timeLimit(.minutes(2)))
struct InterfaceTests {
    /// Configures the interface and prints what it was told.
    private static let script = """
        #!/bin/sh
        case "$1" in
        deconfig) ip address flush dev "$interface"; ip link set "$interface" up ;;
        bound) ip address add "$ip/$mask" dev "$interface"; echo "$ip $serverid $siaddr $boot_file" ;;
        esac
        """

    /// A machine's other end of the wire, which asks as a BIOS and as iPXE do.
    private struct Client {
        let command: [String]
        let script: String

        init(_ command: [String], _ directory: TemporaryDirectory) throws {
            (self.command, script) = (command, directory.path + "/script")
            try Data(InterfaceTests.script.utf8).write(to: URL(filePath: script))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        }

        /// Address, server identifier, next server and boot file.
        func ask(_ interface: String, _ options: String...) throws -> [String] {
            let udhcpc = ["udhcpc", "-f", "-n", "-q", "-t", "8", "-T", "1", "-i", interface, "-s", script]
            let told = try NetworkOfItsOwn.output(of: command + udhcpc + options)
            return told.split(separator: "\n").last?.split(separator: " ", omittingEmptySubsequences: false).map(String.init) ?? []
        }

        func curl(_ arguments: String...) throws -> String { try NetworkOfItsOwn.output(of: command + ["curl", "-s", "-m", "10"] + arguments) }

        /// Everything that it is told about must answer there.
        func boot(_ interface: String, expecting address: String, from server: String) throws {
            let rom = try ask(interface, "-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000")
            #expect(rom == [address, server, server, "undionly.kpxe"])
            // There is no image here, and the server says so (CURLE_TFTP_NOTFOUND).
            #expect(try curl("-w", "%{exitcode}", "tftp://\(server)/undionly.kpxe") == "68")
            // User class iPXE.
            let loader = try ask(interface, "-V", "PXEClient:Arch:00000:UNDI:002001", "-x", "0x5d:0000", "-x", "0x4d:69505845")
            #expect(loader.prefix(2) == [address, server])
            let url = try #require(loader.last)
            #expect(url.hasPrefix("http://\(server):8080/boot.ipxe?mac="))
            #expect(try curl(url).hasPrefix("#!ipxe"))
            #expect(try curl("-X", "POST", "-d", "{}", "http://\(server):8081/v1/claim").contains("malformed-body"))
        }
    }

    private func subnet(_ name: String, _ prefix: String, _ more: String) -> String {
        "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: \(name)}\nspec: {prefix: \(prefix), \(more)}\n"
    }

    @Test("Hosts of two interfaces boot each from the address of their own")
    func twoInterfaces() throws {
        let network = try NetworkOfItsOwn()
        let directory = try TemporaryDirectory()
        let client = try Client(try network.separatePeer(), directory)
        _ = try network.output(of: [
            "sh", "-ec",
            """
            ip link add lab0 type veth peer name lab1 netns \(network.name)-c
            ip address add 10.78.0.1/24 dev lab0; ip link set lab0 up
            ip netns exec \(network.name)-c ip link set lab1 up
            """,
        ])
        let server = try RunningServer(directory, ["--interface", "rack0", "--interface", "lab0"], command: network.command)
        let applied = try server.apply(
            subnet("rack", "10.77.0.0/24", "pools: [10.77.0.100-10.77.0.101]") + "---\n"
                + subnet("lab", "10.78.0.0/24", "pools: [10.78.0.100-10.78.0.101]"))
        try #require(applied.status == 0, "\(applied)")
        try client.boot("rack1", expecting: "10.77.0.100", from: "10.77.0.1")
        try client.boot("lab1", expecting: "10.78.0.100", from: "10.78.0.1")
        for (interface, other) in [("rack0", "10.78.0."), ("lab0", "10.77.0.")] {
            let trace = try server.run("dhcp", "trace", "--brief", "--interface", interface).output
            #expect(trace.contains("acknowledgement to") && !trace.contains(other), "\(trace)")
        }
        #expect(server.kill(SIGTERM) == 0)
    }

    @Test("Hosts of two networks on one wire boot each from the interface's address in theirs, and nothing listens elsewhere")
    func twoAddresses() throws {
        let network = try NetworkOfItsOwn()
        let directory = try TemporaryDirectory()
        let client = try Client(try network.separatePeer(), directory)
        _ = try network.output(of: ["ip", "address", "add", "10.78.0.1/24", "dev", "rack0"])
        let server = try RunningServer(directory, ["--interface", "rack0"], command: network.command)
        func site(_ first: String, _ second: String) -> String {
            subnet("rack", "10.77.0.0/24", "sharedNetwork: wire" + first) + "---\n" + subnet("lab", "10.78.0.0/24", "sharedNetwork: wire" + second)
        }
        try #require(try server.apply(site("", ", pools: [10.78.0.100-10.78.0.101]")).status == 0)
        try client.boot("rack1", expecting: "10.78.0.100", from: "10.78.0.1")
        try #require(try server.apply(site(", pools: [10.77.0.100-10.77.0.101]", "")).status == 0)
        try client.boot("rack1", expecting: "10.77.0.100", from: "10.77.0.1")
        for port in [8080, 8081] {
            let elsewhere = try network.output(of: ["curl", "-s", "-m", "10", "-w", "%{http_code}", "http://127.0.0.1:\(port)/"])
            #expect(elsewhere == "000")
        }
        #expect(server.kill(SIGTERM) == 0)
    }
}
