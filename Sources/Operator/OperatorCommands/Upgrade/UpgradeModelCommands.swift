import ArgumentParser
import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Rollout

struct UpgradeModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "What was learned of each hardware model: whether kexec works on it, and how long guests paused.",
        discussion: "A model is there once a host of it was upgraded by warm or save.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await withProblems {
            let models = try await OperatorClient(socketPath: server.socketPath).get([ModelRecord].self, "/v1/models")
            guard server.output == .table else { return try Printer.json(models) }
            var table = TextTable("model", "kexec", "pause by warm", "pause by save")
            for record in models {
                table.add(
                    record.model.description, record.kexecFailure.map { "not trusted: \($0.reason), on host \($0.host)" } ?? "trusted",
                    record.warmPause.text, record.savePause.text)
            }
            print(table.render())
        }
    }
}

struct UpgradeTrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Trust a hardware model with kexec again, after it failed there once.",
        discussion: """
            A model on which a kernel did not start another is upgraded by cold, until you say that the cause is gone: new firmware, another \
            kernel, a loose cable.

              bennu upgrade models
              bennu upgrade trust r1u7
            """)
    @OptionGroup var server: ServerOptions
    @Argument(help: "The model as bennu upgrade models writes it, or a host of that model.") var model: String

    func run() async throws {
        try await withProblems {
            let record = try await OperatorClient(socketPath: server.socketPath).post(
                "/v1/models/trust", body: ModelTrust(model: model), answer: ModelRecord.self)
            guard server.output == .table else { return try Printer.json(record) }
            print("\(record.model) is trusted with kexec again")
        }
    }
}

extension ModelRecord.MeasuredPause? {
    fileprivate var text: String { map { "\(PauseText.of(milliseconds: $0.milliseconds)), on host \($0.host)" } ?? "-" }
}
