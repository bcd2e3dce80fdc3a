package import ArgumentParser
import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

package struct LeaseCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lease", abstract: "Addresses that the DHCP server has given.",
        subcommands: [LeaseListCommand.self, LeaseShowCommand.self, LeaseReleaseCommand.self])
    package init() {}
}

extension LeaseSummary.State: ExpressibleByArgument {}

struct LeaseListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every lease and offer, a line each, by address.")
    @OptionGroup var server: ServerOptions
    @Option(help: "Only of this host: name, host id, hardware address or UUID.") var host: String?
    @Option(help: "Only of this subnet, by the name of its document.") var subnet: String?
    @Option(help: "Only in this state: \(LeaseSummary.State.allCases.map(\.rawValue).joined(separator: ", ")).") var state: LeaseSummary.State?

    func run() async throws {
        try await withProblems {
            let query = [("host", host), ("subnet", subnet), ("state", state?.rawValue)].compactMap { name, value in
                value.map { "\(name)=\(HostPath.escaped($0))" }
            }
            let path = "/v1/leases" + (query.isEmpty ? "" : "?\(query.joined(separator: "&"))")
            let leases = try await OperatorClient(socketPath: server.socketPath).get([LeaseSummary].self, path)
            guard server.output == .table else { return try Printer.json(leases) }
            var table = TextTable("address", "state", "left", "hardware address", "host", "subnet")
            for lease in leases {
                table.add(
                    lease.address.description, lease.state.rawValue, lease.left, lease.hardwareAddress.description,
                    lease.name ?? lease.host.map { "(\($0))" } ?? lease.hostName ?? "-", lease.subnet ?? "-")
            }
            print(table.isEmpty ? "no lease" : table.render())
        }
    }
}

struct LeaseShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "All that is known of one lease.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The address.") var address: String

    func run() async throws {
        try await withProblems {
            let lease = try await OperatorClient(socketPath: server.socketPath)
                .get(LeaseSummary.self, "/v1/leases/\(HostPath.escaped(address))")
            guard server.output == .table else { return try Printer.json(lease) }
            let lines: [(String, String?)] = [
                ("address", lease.address.description), ("state", lease.state.rawValue), ("left", lease.left), ("subnet", lease.subnet),
                ("hardware address", lease.hardwareAddress.description), ("host", lease.name ?? lease.host?.description),
                ("calls itself", lease.hostName), ("client identifier", lease.clientIdentifier), ("UUID", lease.uuid?.description),
                ("circuit", lease.circuit), ("remote", lease.remote),
            ]
            for (name, value) in lines { if let value { print("\(name): \(value)") } }
        }
    }
}

struct LeaseReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Take an address back that nobody uses any more.",
        discussion: """
            For a lease whose client is gone, an offer, or an address that was declined because something else answered for it. The server has \
            it free at once, and on disk before this returns. A running host keeps its address unless you say --force, and asks for it again.

              bennu lease release 10.77.0.104
            """)
    @OptionGroup var server: ServerOptions
    @Argument(help: "The address.") var address: String
    @Flag(help: "Even though a running host uses it.") var force = false

    func run() async throws {
        try await withProblems {
            let lease = try await OperatorClient(socketPath: server.socketPath)
                .post("/v1/leases/\(HostPath.escaped(address))/release", body: LeaseRelease(force: force), answer: LeaseSummary.self)
            if server.output == .json { return try Printer.json(lease) }
            print("\(lease.address) is free; \(lease.name.map { "host \($0)" } ?? lease.hardwareAddress.description) had it")
        }
    }
}

extension LeaseSummary {
    /// `42m`; `for ever`; `-` where the address is not held.
    fileprivate var left: String {
        guard state == .bound || state == .offered || state == .declined else { return "-" }
        guard let expires else { return "for ever" }
        return Readable.age(Readable.now, now: expires * 1000)
    }
}
