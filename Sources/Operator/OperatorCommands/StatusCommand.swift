package import ArgumentParser
import HostContract
import OperatorClient
import OperatorTypes

package struct StatusCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the server is and does: roles, hosts by state, requests and refusals by name.")
    @OptionGroup var server: ServerOptions
    package init() {}

    package func run() async throws {
        try await withProblems {
            let status = try await OperatorClient(socketPath: server.socketPath).get(ServerStatus.self, "/v1/status")
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
