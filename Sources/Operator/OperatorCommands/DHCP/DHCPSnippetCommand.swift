import ArgumentParser
package import BootPolicy
import HostContract
import OperatorClient
import OperatorTypes
package import Primitives

struct DHCPSnippetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snippet", abstract: "What another DHCP server has to be told, so that its clients boot from here.",
        discussion: """
            For networks that have a DHCP server which stays: it gives the addresses, and with these lines in its configuration it sends who boots \
            to this boot server. The Subnet document of the network says mode: external.

              bennu dhcp snippet kea > /etc/kea/bennu.json
              bennu dhcp snippet dnsmasq --server 10.77.0.1 > /etc/dnsmasq.d/bennu.conf

            Without --server the running server is asked for its address, and for the loaders of its BootServer document.
            """)
    @Argument(help: "For which: \(DHCPSnippet.Server.allCases.map(\.rawValue).joined(separator: ", ")).") var kind: DHCPSnippet.Server
    @Option(help: "The boot server's address, as hosts reach it.") var server: IPv4Address?
    @Option(help: "The boot server's port of HTTP, with --server.") var httpPort: UInt16 = 8080
    @Option(help: "The interface of the running server whose address it is, where it has several.") var interface: String?
    @Option(name: .long, help: "The operator socket of the server (or BENNU_SOCKET).") var socket: String?

    func validate() throws {
        if server != nil, interface != nil { throw ValidationError("--server and --interface each say the address; give one of them") }
        guard httpPort > 0 else { throw ValidationError("0 is no TCP port") }
    }

    func run() async throws {
        try await withProblems {
            let addresses: ServerAddresses
            var loaders = LoaderTable.ipxe
            if let server {
                addresses = ServerAddresses(identifier: server, httpPort: httpPort)
            } else {
                let status = try await status()
                addresses = try Self.choose(status.bootServers, interface: interface)
                loaders = loaders.adding(status.loaders ?? [:])
            }
            print(DHCPSnippet(loaders: loaders, servers: addresses).text(for: kind), terminator: "")
        }
    }

    private func status() async throws -> ServerStatus {
        var options = ServerOptions()
        options.socket = socket
        return try await OperatorClient(socketPath: options.socketPath).get(ServerStatus.self, "/v1/status")
    }

    private static func choose(_ found: [ServerStatus.BootServerAddress], interface: String?) throws(APIProblem) -> ServerAddresses {
        let names = found.map { "\($0.interface) (\($0.address))" }.joined(separator: ", ")
        guard let first = found.first else {
            throw APIProblem(code: "no-boot-server", message: "this server boots no hosts (role boot); give the boot server's address with --server")
        }
        guard let chosen = interface.map({ name in found.first { $0.interface == name } }) ?? first else {
            throw APIProblem(code: "unknown-interface", message: "the server boots no hosts on \(interface ?? ""), but on \(names)")
        }
        guard interface != nil || found.count == 1 else {
            throw APIProblem(code: "several-interfaces", message: "the server boots hosts on \(names); choose one with --interface")
        }
        return ServerAddresses(identifier: chosen.address, httpPort: chosen.httpPort)
    }
}

extension DHCPSnippet.Server: ExpressibleByArgument {}
extension IPv4Address: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
