package import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

package struct ServeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the site's servers: DHCP, boot, configuration, operator API.",
        discussion: """
            One process runs every role, or those that --roles names. All state is in the data directory; a second process with the same \
            directory is refused. With a fresh directory:

              bennu serve --data /var/lib/bennu --interface eno2 --documents site/ --import out/kvm

            A host whose image is missing says so on its screen, and boots as soon as it is there.
            Everything that keeps the server from starting is named at once (exit code 64).
            """)

    @Option(help: "Where all state is kept.") var data = "/var/lib/bennu"
    @Option(name: .customLong("interface"), help: "An interface that hosts are on; repeat it.") var interfaces: [String] = []
    @Option(name: .customLong("documents"), help: "A YAML file or directory to apply at start; repeat it.") var documents: [String] = []
    @Option(name: .customLong("import"), help: "An image to bring in at start, as bennu image build makes it; repeat it.") var images: [String] = []
    @Flag(help: "Start although hosts are assigned images and there is none at all: they wait until one is imported.") var allowNoImage = false
    @Option(help: "Comma-separated: \(ServePlan.Role.allCases.map(\.rawValue).joined(separator: ",")).")
    var roles = ServePlan.Role.allCases.map(\.rawValue).joined(separator: ",")
    @Option(help: "The operator socket (or BENNU_SOCKET).") var socket: String?
    @Option(help: "The name of the site, which its signed configurations carry.") var site = "site"
    @Option(help: "Port of the boot server's HTTP side.") var httpPort = 8080
    @Option(help: "Port of the configuration server.") var configurationPort = 8081
    @Option(help: "A program that starts a host anew that hangs: PROGRAM reset NAME. See Documentation/Upgrades.md.") var powerCommand: String?
    @Option(help: "Seconds that a started kernel may be silent before --power-command is run.") var powerPatience = 900
    @Flag(help: "Answer TFTP from port 69 alone, for clients behind address translation and old management controllers.") var tftpSinglePort = false
    @Option(help: "trace, debug, info, notice, warning, error or critical.") var logLevel = "info"

    package init() {}

    package func validate() throws {
        for role in roles.split(separator: ",") where ServePlan.Role(rawValue: String(role)) == nil {
            throw ValidationError("no role is called \"\(role)\"; choose from \(ServePlan.Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard !roles.isEmpty else { throw ValidationError("--roles names no role") }
        guard httpPort != configurationPort else { throw ValidationError("--http-port and --configuration-port are both \(httpPort)") }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("no log level is called \"\(logLevel)\"") }
        guard (30...86_400).contains(powerPatience) else {
            throw ValidationError("--power-patience is 30 to 86400 seconds, not \(powerPatience): a healthy start takes a minute or more")
        }
        for port in [httpPort, configurationPort] where !(1...65535).contains(port) { throw ValidationError("\(port) is no TCP port") }
    }

    package func run() async throws {
        var plan = ServePlan(
            data: data, interfaceNames: interfaces, documents: documents,
            roles: Set(roles.split(separator: ",").compactMap { ServePlan.Role(rawValue: String($0)) }),
            socket: socket ?? ProcessInfo.processInfo.environment["BENNU_SOCKET"] ?? "/run/bennu/operator.sock", site: site,
            httpPort: httpPort, configurationPort: configurationPort)
        let level = Logger.Level(rawValue: logLevel) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        ProcessLimits.prepare()
        plan.images = images
        plan.allowsNoImage = allowNoImage
        plan.power = powerCommand.map { ($0, powerPatience) }
        plan.tftpOnSinglePort = tftpSinglePort
        let preflight = Preflight(plan)
        var problems = preflight.problems
        var assembly: ServerAssembly?
        do {
            if preflight.hasUsableData {
                let opened = try await ServerAssembly.open(plan)
                problems += await opened.problems()
                assembly = opened
            }
        } catch {
            problems.append("\(error)")
        }
        guard problems.isEmpty, let assembly else {
            let text =
                problems.map { "error: \($0)\n" }.joined() + "bennu serve did not start: \(problems.count) problem\(problems.count == 1 ? "" : "s")\n"
            FileHandle.standardError.write(Data(text.utf8))
            throw ExitCode(64)
        }
        try await assembly.applyDocuments()
        try await assembly.run()
    }
}
