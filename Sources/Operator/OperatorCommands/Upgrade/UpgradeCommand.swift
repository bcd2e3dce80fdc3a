package import ArgumentParser
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import Rollout

package struct UpgradeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "How hosts get from the image that they run to another.",
        discussion: "To carry it out: bennu host upgrade HOST. See Documentation/Upgrades.md.",
        subcommands: [UpgradePlanCommand.self, UpgradeModelsCommand.self, UpgradeTrustCommand.self])
    package init() {}
}

struct UpgradePlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Which method would be taken, why not a cheaper one, and what guests would see of it.",
        discussion: """
            Changes nothing.

              bennu upgrade plan r1u7 --image kvm:2026.12      # what bennu host upgrade would do
              bennu upgrade plan r1u7 --restart                # what bennu host restart would do
            """)
    @OptionGroup var server: ServerOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String
    @Option(help: "Another image than the one that is assigned.") var image: String?
    @Flag(help: "Plan a restart of what runs.") var restart = false

    func validate() throws {
        if restart, image != nil { throw ValidationError("a restart is of what runs: leave out --image, or --restart") }
    }

    func run() async throws {
        try await withProblems {
            let query = restart ? "?restart=true" : image.map { "?image=" + HostPath.escaped($0) } ?? ""
            let outlook = try await OperatorClient(socketPath: server.socketPath).get(
                UpgradeOutlook.self, HostPath.of(host, "/upgrade") + query)
            guard server.output == .table else { return try Printer.json(outlook) }
            print(outlook.text())
        }
    }
}

extension UpgradeOutlook {
    /// Several lines for a person.
    func text() -> String {
        var lines = ["\(name) runs \(runs?.short ?? "an unknown image"), and is to run \(reference) (\(target.short))"]
        var table = TextTable("method", "possible", "pause of guests", "if it fails", "because")
        for candidate in plan.candidates {
            let reasons = candidate.obstacles.map(\.description)
            table.add(
                candidate.method.rawValue, candidate.isPossible ? (candidate.method == plan.choice ? "chosen" : "yes") : "no",
                candidate.pauseText, candidate.ifItFails.text,
                reasons.first ?? "")
            for reason in reasons.dropFirst() { table.add("", "", "", "", reason) }
        }
        lines.append(table.render())
        lines.append(plan.guests.isEmpty ? "no guest runs there" : "guests: \(plan.guests.joined(separator: ", "))")
        return lines.joined(separator: "\n")
    }
}

extension UpgradePlan.Candidate {
    fileprivate var pauseText: String {
        if let expected { return "about \(expected)" + (savedIn.map { "; written to \($0)" } ?? "") }
        guard let shutdownTime else { return pause.text }
        return "\(pause.text); up to \(PauseText.of(milliseconds: shutdownTime * 1000)) to shut down"
    }
}

extension GuestsAtFailure {
    var text: String {
        switch self {
        case .goOn: "guests go on"
        case .goOnUnlessFirstProcessEnds: "guests go on; crash if its PID 1 ends"
        case .goOnUnlessPanic: "guests go on; crash if its kernel panics early"
        case .crash: "guests crash"
        case .restart: "they restart"
        }
    }
}

extension GuestPause {
    var text: String {
        switch self {
        case .none: "none"
        case .kernelChange: "while the kernel changes"
        case .restart: "they restart"
        }
    }
}
