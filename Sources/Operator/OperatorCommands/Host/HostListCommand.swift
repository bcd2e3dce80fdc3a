import ArgumentParser
import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

struct HostListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every host that the site knows, a line each.")
    @OptionGroup var server: ServerOptions

    @Option(help: "Only hosts in this state: \(HostState.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: String?

    func run() async throws {
        try await withProblems {
            var hosts = try await OperatorClient(socketPath: server.socketPath).get([HostSummary].self, "/v1/hosts")
            if let state {
                guard let wanted = HostState(rawValue: state) else { throw ValidationError("no state is called \"\(state)\"") }
                hosts = hosts.filter { $0.state == wanted }
            }
            guard server.output == .table else { return try Printer.json(hosts) }
            var table = TextTable("name", "state", "address", "hardware address", "image", "guests", "report")
            for host in hosts {
                table.add(
                    host.name ?? "(\(host.id))",
                    host.state.rawValue + (host.queue.map { " (queued, \($0.before) before it)" } ?? (host.drift ? " (drift)" : "")),
                    host.address?.description ?? "-",
                    host.claims.hardwareAddresses.first?.description ?? "-", host.image ?? "-", "\(host.guestsRunning)",
                    Readable.age(host.lastReport, now: Readable.now))
            }
            print(table.isEmpty ? "no host has been seen yet; power one on in a subnet that this server answers" : table.render())
        }
    }
}
