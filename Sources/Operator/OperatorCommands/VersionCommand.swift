package import ArgumentParser
import HostContract
import OperatorTypes

package struct VersionCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(commandName: "version", abstract: "What this program is.")
    @Option(name: .shortAndLong, help: "How to print: table or json.") var output: OutputFormat = .table
    package init() {}

    package func run() throws {
        guard output == .table else { return try Printer.json(["version": BennuVersion.current, "contract": "\(ContractVersion.current)"]) }
        print(Self.text)
    }

    package static var text: String { "bennu \(BennuVersion.current), host contract \(ContractVersion.oldest)–\(ContractVersion.current)" }
}
