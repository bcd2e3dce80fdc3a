package import ArgumentParser
import Foundation
import HostContract
import OperatorClient
import OperatorTypes

package struct ApplyCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Bring documents in force: all of them, or none.",
        discussion: """
            Reads YAML files, or every *.yaml and *.yml below a directory. Every mistake is named with its file, line and path, and then \
            nothing is changed (exit code 2). What is no mistake, and worth knowing, is printed as a note: a guest that keeps its host from methods \
            of upgrading. Running hosts take over at once what can change without a restart.
            """)
    @OptionGroup var server: ServerOptions
    @Option(name: [.short, .long], help: "A file or directory, or - for standard input; repeat it.") var file: [String]
    @Flag(help: "Judge the documents, and change nothing.") var dryRun = false

    package init() {}

    package func run() async throws {
        try await withProblems {
            let files = try file.flatMap { try Self.read($0) }
            let result = try await OperatorClient(socketPath: server.socketPath)
                .send("POST", "/v1/documents", body: ApplyRequest(files: files, dryRun: dryRun), answer: ApplyResult.self)
            if server.output == .json {
                try Printer.json(result)
            } else {
                show(result)
            }
            guard result.mistakes.isEmpty else { throw ExitStatus.unmet }
        }
    }

    private func show(_ result: ApplyResult) {
        for mistake in result.mistakes {
            Printer.error("\(mistake.file):\(mistake.line):\(mistake.column): \(mistake.path.isEmpty ? "" : mistake.path + ": ")\(mistake.message)")
            if let hint = mistake.hint { Printer.error("    \(hint)") }
        }
        guard result.mistakes.isEmpty else {
            return Printer.error("error: \(result.mistakes.count) mistake\(result.mistakes.count == 1 ? "" : "s"); nothing was applied")
        }
        for note in result.notes ?? [] { Printer.error("note: \(note.file):\(note.line): \(note.message)") }
        for change in result.changes { print("\(change.kind.rawValue)  \(change.document)") }
        print(dryRun ? "nothing was applied (--dry-run)" : "revision \(result.revision)")
    }

    private static func read(_ path: String) throws -> [ApplyRequest.SourceText] {
        guard path == "-" else { return try DocumentFiles.read(path) }
        let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        return [ApplyRequest.SourceText(path: path, text: text)]
    }
}
