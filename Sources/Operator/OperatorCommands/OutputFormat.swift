package import ArgumentParser
import Foundation
import HostContract

/// `--output table|json`.
package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable { case table, json }

/// Options of every command that talks to a server.
package struct ServerOptions: ParsableArguments {
    @Option(name: .long, help: "The operator socket of the server (or BENNU_SOCKET).")
    package var socket: String?

    @Option(name: .shortAndLong, help: "How to print: table or json.")
    package var output: OutputFormat = .table

    package init() {}

    /// Where `bennu serve` listens when nobody says otherwise.
    package var socketPath: String {
        socket ?? ProcessInfo.processInfo.environment["BENNU_SOCKET"] ?? "/run/bennu/operator.sock"
    }
}

enum Printer {
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// Exit codes that scripts can rely on.
enum ExitStatus {
    /// The server refused, or could not do it.
    static let failed = ExitCode(1)
    /// What was asked for does not hold (yet): a host that is not operational in time, a document with mistakes.
    static let unmet = ExitCode(2)
    /// No server answers on the socket.
    static let unreachable = ExitCode(3)
}

/// Prints a problem as a person reads it and leaves with its exit code.
func withProblems<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let problem as APIProblem {
        Printer.error("error: \(problem.message)")
        if let cause = problem.cause { Printer.error("cause: \(cause)") }
        throw problem.code == "server-unreachable" ? ExitStatus.unreachable : ExitStatus.failed
    }
}
