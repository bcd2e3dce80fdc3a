import ArgumentParser
import FleetModel
import Foundation
import HostContract
import OperatorClient
import OperatorTypes

struct HostWaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until a host is in a state: for scripts.",
        discussion: """
            Prints each event of the boot while it waits. Leaves with 0 when the state is reached, with 2 when it is not within --timeout.
            After a restart, name the boot before with --after: its being operational does not count.
            """)
    @OptionGroup var server: ServerOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String
    @Option(help: "The state to wait for.") var state = "operational"
    @Option(help: "Seconds to wait at most.") var timeout = 600
    @Option(help: "Only a later boot than this one (b-…) counts.") var after: String?
    @Option(help: "Only once the configuration of this revision is in force.") var revision: UInt64?
    @Flag(help: "Say nothing while waiting.") var quiet = false

    func validate() throws {
        guard HostState(rawValue: state) != nil else {
            throw ValidationError("no state is called \"\(state)\"; choose from \(HostState.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() async throws {
        try await withProblems {
            let client = OperatorClient(socketPath: server.socketPath)
            let deadline = ContinuousClock.now + .seconds(timeout)
            var shown: Int64 = 0
            var hasAnswered = false
            var printer = TimelinePrinter(began: 0, boot: nil)
            while true {
                let timeline = try? await client.get(Timeline.self, HostPath.of(host, "/timeline"))
                for event in timeline?.events ?? [] where event.sequence > shown && event.boot?.description != after {
                    if !quiet { print(printer.line(event)) }
                    shown = event.sequence
                }
                fflush(nil)
                if let detail = try await found(client, wasReached: hasAnswered), isReached(detail) {
                    if server.output == .json { try Printer.json(detail) }
                    return
                }
                hasAnswered = true
                guard ContinuousClock.now < deadline else {
                    Printer.error("error: \(host) is not \(state) after \(timeout) s; see: bennu host show \(host)")
                    throw ExitStatus.unmet
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// `nil` while nobody has seen the host yet, and while a server that answered before is away: both are what one waits for.
    private func found(_ client: OperatorClient, wasReached: Bool) async throws -> HostDetail? {
        do {
            return try await client.get(HostDetail.self, HostPath.of(host))
        } catch let problem as APIProblem {
            let passes = problem.code == "unknown-host" || wasReached && ["server-unreachable", "connection-lost"].contains(problem.code)
            guard passes else { throw problem }
            return nil
        }
    }

    private func isReached(_ detail: HostDetail) -> Bool {
        if let after, detail.record.boot?.id.description == after || detail.record.boot == nil { return false }
        if let revision, (detail.record.boot?.status?.revision ?? 0) < revision { return false }
        return detail.summary.state.rawValue == state
    }
}
