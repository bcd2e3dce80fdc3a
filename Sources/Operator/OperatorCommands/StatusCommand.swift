package import ArgumentParser
import HostContract
import OperatorClient
import OperatorTypes

package struct StatusCommand: AsyncParsableCommand {
    /// What scripts ask for.
    enum Field: String, ExpressibleByArgument, CaseIterable { case process, revision, site, version }

    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the server is and does: roles, hosts by state, requests and refusals by name.")
    @OptionGroup var server: ServerOptions
    @Option(help: "Print this value alone.") var field: Field?
    package init() {}

    package func run() async throws {
        try await withProblems {
            let status = try await OperatorClient(socketPath: server.socketPath).get(ServerStatus.self, "/v1/status")
            switch field {
            case .process: return print(status.processID)
            case .revision: return print(status.revision)
            case .site: return print(status.site)
            case .version: return print(status.version)
            case nil: break
            }
            guard server.output == .table else { return try Printer.json(status) }
            print("bennu \(status.version), site \(status.site), process \(status.processID), revision \(status.revision)")
            print("roles: \(status.roles.joined(separator: ", "))")
            print("hosts: \(status.hosts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))\n")
            var table = TextTable("role", "counter", "count")
            for (role, counters) in status.counters.sorted(by: { $0.key < $1.key }) {
                for (name, count) in counters.sorted(by: { $0.key < $1.key }) { table.add(role, name, "\(count)") }
            }
            if !table.isEmpty { print(table.render()) }
        }
    }
}
