package import ArgumentParser
import HostContract
import OperatorClient
import OperatorTypes

package struct DocumentCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "document", abstract: "The documents in force.", subcommands: [DocumentListCommand.self, DocumentRemoveCommand.self])
    package init() {}
}

struct DocumentListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Every document in force; with --full, its text.",
        discussion: "The full text can be applied again: bennu document list --full > site.yaml")
    @OptionGroup var server: ServerOptions
    @Flag(help: "Print the documents themselves.") var full = false

    func run() async throws {
        try await withProblems {
            let documents = try await OperatorClient(socketPath: server.socketPath).get([DocumentSummary].self, "/v1/documents")
            guard server.output == .table else { return try Printer.json(documents) }
            guard !full else { return print(documents.map(\.text).joined(separator: "---\n")) }
            var table = TextTable("kind", "name")
            for document in documents { table.add(document.kind, document.name) }
            print(table.isEmpty ? "no document is in force; see: bennu apply --help" : table.render())
        }
    }
}

struct DocumentRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take a document out of force.", discussion: "Refused while another document needs it.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "Subnet, Image, Profile, Host, Guest or BootServer.") var kind: String
    @Argument(help: "Its metadata.name.") var name: String

    func run() async throws {
        try await withProblems {
            try await OperatorClient(socketPath: server.socketPath).delete("/v1/documents/\(kind)/\(name)")
            print("removed \(kind)/\(name)")
        }
    }
}
