import ArgumentParser
import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

/// Options that accept and set share.
struct HostEditOptions: ParsableArguments {
    @Option(help: "The boot image, as name:tag.") var image: String?
    @Option(name: .customLong("profile"), help: "A profile whose settings apply; repeat it, later ones win.") var profiles: [String] = []
    @Option(help: "An address reserved for this host, like 10.0.0.17.") var address: String?

    func edit(name: String?) throws -> HostEdit {
        let reserved = try address.map { text in
            guard let address = IPv4Address(text) else { throw ValidationError("--address: expected \(IPv4Address.expectation), found \"\(text)\"") }
            return address
        }
        return HostEdit(name: name, image: image, profiles: profiles.isEmpty ? nil : profiles, address: reserved)
    }
}

struct HostAcceptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept", abstract: "Make a discovered host one of the site's.",
        discussion: "Writes a Host document with the claims that the host was discovered by. The host, which asks again every few seconds, boots.")
    @OptionGroup var server: ServerOptions
    @OptionGroup var options: HostEditOptions
    @Argument(help: "The host: host id, hardware address or UUID.") var host: String
    @Option(help: "The name that it gets: lower-case letters, digits, dots and hyphens.") var name: String

    func run() async throws {
        try await withProblems {
            let edit = try options.edit(name: name)
            let detail = try await OperatorClient(socketPath: server.socketPath)
                .send("POST", HostPath.of(host, "/accept"), body: edit, answer: HostDetail.self)
            if server.output == .json { return try Printer.json(detail) }
            print("accepted \(detail.record.id) as \(name)" + (detail.obstacle.map { "; but \($0)" } ?? ""))
        }
    }
}

struct HostSetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change image, profiles or address of a host.",
        discussion: "What can change while the host runs does so at once; another image comes in force at its next restart.")
    @OptionGroup var server: ServerOptions
    @OptionGroup var options: HostEditOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String

    func run() async throws {
        try await withProblems {
            let edit = try options.edit(name: nil)
            guard edit != HostEdit() else { throw ValidationError("nothing to set: give --image, --profile or --address") }
            let detail = try await OperatorClient(socketPath: server.socketPath)
                .send("PATCH", HostPath.of(host), body: edit, answer: HostDetail.self)
            if server.output == .json { return try Printer.json(detail) }
            print("set \(detail.summary.name ?? host), revision \(detail.revision)" + (detail.obstacle.map { "; but \($0)" } ?? ""))
        }
    }
}

struct HostRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a host: its document and all that was observed of it.",
        discussion: "A host that still runs keeps running; it is refused at its next report, and discovered anew at its next boot.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String

    func run() async throws {
        try await withProblems {
            try await OperatorClient(socketPath: server.socketPath).delete(HostPath.of(host))
            print("removed \(host)")
        }
    }
}
