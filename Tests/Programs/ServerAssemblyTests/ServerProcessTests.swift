import Foundation
import TestSupport
import Testing

@Suite("The server as a process", .timeLimit(.minutes(3)))
struct ServerProcessTests {
    private static let document = "apiVersion: bennu/v1\nkind: Host\nmetadata: {name: h1}\nspec: {hardwareAddresses: ['52:54:00:00:00:01']}\n"

    @Test("SIGTERM and SIGINT end it gracefully, with 0", arguments: [SIGTERM, SIGINT])
    func graceful(signal: Int32) throws {
        let server = try RunningServer(try TemporaryDirectory())
        #expect(server.kill(signal) == 0)
        let log = try String(contentsOfFile: server.directory.path + "/errors", encoding: .utf8)
        #expect(log.contains("bennu has stopped"))
    }

    @Test("it has an event loop for each processor that it may run on, not for each of the computer")
    func eventLoops() throws {
        let server = try RunningServer(try TemporaryDirectory(), command: ["taskset", "--cpu-list", "0"])
        let tasks = "/proc/\(server.process.processIdentifier)/task"
        let names = try FileManager.default.contentsOfDirectory(atPath: tasks).map {
            try? String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8)
        }
        #expect(names.filter { $0?.hasPrefix("NIO-SGLTN") ?? false }.count == 1)
    }

    @Test("killed right after an acknowledged change, it has lost nothing")
    func kill9() throws {
        let directory = try TemporaryDirectory()
        for number in 1...5 {
            let server = try RunningServer(directory)
            #expect(try server.run("document", "list", "--output", "json").output.components(separatedBy: "\"kind\"").count == number)
            let applied = try server.apply(Self.document.replacing("h1", with: "h\(number)").replacing("00:01", with: "00:0\(number)"))
            #expect(applied.status == 0 && applied.output.contains("revision \(number)"), "\(applied)")
            server.kill(SIGKILL)
        }
        let server = try RunningServer(directory)
        let hosts = try server.run("host", "list", "--output", "json").output
        for number in 1...5 { #expect(hosts.contains("\"h\(number)\"")) }
    }

    @Test("a socket that a killed server left does not keep the next from starting; its mode is 0660")
    func leftSocket() throws {
        let directory = try TemporaryDirectory()
        let first = try RunningServer(directory)
        first.kill(SIGKILL)
        #expect(FileManager.default.fileExists(atPath: first.socket))
        let second = try RunningServer(directory)
        #expect(try FileManager.default.attributesOfItem(atPath: second.socket)[.posixPermissions] as? Int == 0o660)
        #expect(second.kill(SIGTERM) == 0)
    }

    @Test("with every role it serves in a network of its own", .enabled(if: geteuid() == 0, "network namespaces need root"))
    func allRoles() throws {
        let network = try NetworkOfItsOwn()
        let server = try RunningServer(try TemporaryDirectory(), ["--interface", "rack0"], command: network.command)
        let status = try server.run("status", "--output", "json").output
        for role in ["dhcp", "boot", "configuration", "operator"] { #expect(status.contains("\"\(role)\"")) }
        #expect(server.kill(SIGTERM) == 0)
    }

    @Test(
        "another interface's DHCP server, such as libvirt's, does not keep it from starting; its own interface's does, and is named",
        .enabled(if: geteuid() == 0, "network namespaces need root"), arguments: ["rack1", "rack0"])
    func otherDHCPServer(_ interface: String) throws {
        let network = try NetworkOfItsOwn()
        let directory = try TemporaryDirectory()
        // As libvirt starts it: its DHCP socket is bound to the one interface that it serves.
        _ = try network.output(of: [
            "sh", "-ec",
            """
            ip address add 10.78.0.1/24 dev rack1; ip link set rack1 up
            dnsmasq --conf-file=/dev/null --user=root --port=0 --bind-dynamic --interface=\(interface) --except-interface=lo \
                --dhcp-range=10.78.0.10,10.78.0.20 --dhcp-range=10.77.0.10,10.77.0.20 --dhcp-leasefile=\(directory.path)/leases \
                --pid-file=\(directory.path)/pid
            """,
        ])
        defer {
            if let pid = (try? String(contentsOfFile: directory.path + "/pid", encoding: .utf8)).flatMap({ pid_t($0.dropLast()) }) {
                kill(pid, SIGTERM)
            }
        }
        let options = ["--roles", "dhcp,operator", "--interface", "rack0"]
        if interface == "rack1" {
            let server = try RunningServer(try TemporaryDirectory(), options, command: network.command)
            #expect(server.kill(SIGTERM) == 0)
        } else {
            let result = try Program.run(
                ["serve", "--data", directory.path + "/data", "--socket", directory.path + "/s"] + options, command: network.command)
            #expect(result.status == 64 && result.errors.contains("DHCP port 67/udp is taken by dnsmasq"), "\(result)")
        }
    }

    @Test(
        "as the unit runs it, without root and with two capabilities, every port answers",
        .enabled(if: geteuid() == 0, "needs root to become somebody else"))
    func ordinaryUser() throws {
        let network = try NetworkOfItsOwn()
        let directory = try TemporaryDirectory()
        // `nobody` may neither read the build nor write elsewhere.
        let program = directory.path + "/bennu"
        try Program.copy(to: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory.path)
        let two = "+net_bind_service,+net_raw"
        let command = [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--inh-caps=-all,\(two)", "--ambient-caps=-all,\(two)",
            "--bounding-set=-all,\(two)",
        ]
        let server = try RunningServer(directory, ["--interface", "rack0"], command: network.command + command, program: program)
        let credentials = try String(contentsOfFile: "/proc/\(server.process.processIdentifier)/status", encoding: .utf8)
        #expect(credentials.contains("Uid:\t65534\t65534\t65534\t65534") && credentials.contains("CapEff:\t0000000000002400"))
        #expect(try network.output(of: ["curl", "-s", "http://10.77.0.1:8080/nothing"]).hasPrefix("unknown-path"))
        #expect(try network.output(of: ["curl", "-s", "-X", "POST", "-d", "{}", "http://10.77.0.1:8081/v1/claim"]).contains("malformed-body"))
        _ = try network.output(of: ["curl", "-s", "-m", "10", "tftp://10.77.0.1/nothing"])
        #expect(try server.run("status").output.contains("not-published"))
        #expect(server.kill(SIGTERM) == 0)
    }

    @Test("every list as JSON is JSON, also when it is empty", arguments: [["host", "list"], ["image", "list"], ["document", "list"], ["status"]])
    func json(command: [String]) throws {
        let server = try RunningServer(try TemporaryDirectory())
        for _ in 0..<2 {
            let result = try Program.run(command + ["--output", "json", "--socket", server.socket])
            #expect(result.status == 0)
            _ = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
            #expect(try server.apply(Self.document).status == 0)
        }
    }

    @Test("scripts can tell refused, unmet and unreachable apart by the exit code")
    func exitCodes() throws {
        let server = try RunningServer(try TemporaryDirectory())
        #expect(try server.run("host", "show", "nobody").status == 1)
        #expect(try server.apply("kind: [").status == 2)
        #expect(try server.apply(Self.document).status == 0)
        #expect(try server.run("host", "wait", "h1", "--timeout", "0", "--quiet").status == 2)
        #expect(try server.run("host", "wait", "h1", "--state", "expected", "--timeout", "0").status == 0)
        #expect(try server.run("host", "wait", "h1", "--state", "happy").status == 64)
        server.kill(SIGTERM)
        for command in [["host", "list"], ["status"], ["apply", "--file", server.directory.path + "/apply.yaml"]] {
            #expect(try Program.run(command + ["--socket", server.socket]).status == 3, "\(command)")
        }
    }

    /// Reads the subcommands from the help itself, so that none can be forgotten.
    private func subcommands(in help: String) -> [String] {
        guard let start = help.range(of: "SUBCOMMANDS:\n") else { return [] }
        return help[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("  ") }
            .filter { !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    @Test("every command has a help that says what it is for")
    func help() throws {
        var left: [[String]] = [[]]
        var seen = 0
        while let command = left.popLast() {
            let result = try Program.run(command + ["--help"])
            #expect(result.status == 0 && result.errors.isEmpty, "\(command)")
            #expect(result.output.contains("OVERVIEW: ") && result.output.contains("USAGE: bennu"), "\(command)")
            seen += 1
            left += subcommands(in: result.output).map { command + [$0] }
        }
        #expect(seen > 25)
    }
}
