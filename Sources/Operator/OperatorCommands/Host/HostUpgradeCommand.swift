import ArgumentParser
import HostContract
import OperatorTypes

struct HostUpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Bring a running host to the image that it should run.",
        discussion: """
            Takes the cheapest method that gets there (bennu upgrade plan HOST shows which), and prints every step until the host is \
            operational, then what each guest saw of it. Leaves with 2 when the host does not get there: then it is back on its old image, \
            or the last lines say where it stands.

              bennu host upgrade r1u7 --image kvm:2026.12
            """)
    @OptionGroup var server: ServerOptions
    @OptionGroup var options: UpgradeOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String
    @Option(help: "Assign this image to the host first.") var image: String?

    func run() async throws {
        let request = UpgradeRequest(image: image, method: try options.parsedMethod, deadline: options.deadline)
        try await withProblems { try await UpgradeWatch(server: server, host: host).carryOut(request) }
    }
}

struct HostRestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Start a host's system anew.",
        discussion: """
            By the method soft, the same image is started again under the running kernel, and guests go on. By warm and save, its kernel is \
            started anew, and guests stand still meanwhile: kept in place, or written out and read back. By cold, guests are shut down and the \
            host is reset; it then boots what it is assigned to.

              bennu host restart r1u7 --method warm
            """)
    @OptionGroup var server: ServerOptions
    @OptionGroup var options: UpgradeOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String

    func run() async throws {
        let request = UpgradeRequest(method: try options.parsedMethod, deadline: options.deadline, isRestart: true)
        try await withProblems { try await UpgradeWatch(server: server, host: host).carryOut(request) }
    }
}

struct UpgradeOptions: ParsableArguments {
    @Option(help: "live, soft, warm, save or cold. (default: the cheapest that is possible and allowed)") var method: String?
    @Option(help: "Seconds for the new system to become operational, before the host goes back to the old one.") var deadline = 600

    var parsedMethod: UpgradeMethod? {
        get throws {
            guard let method else { return nil }
            guard let parsed = UpgradeMethod(rawValue: method) else {
                throw ValidationError(
                    "no method is called \"\(method)\"; choose from \(UpgradeMethod.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return parsed
        }
    }
}
