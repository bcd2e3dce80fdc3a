import ArgumentParser
import FleetModel
import OperatorClient

struct DHCPEventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "What is no single host's: other DHCP servers, addresses that foreign machines hold, boot programs that are lost.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await withProblems {
            let events = try await OperatorClient(socketPath: server.socketPath).get([BootEvent].self, "/v1/dhcp/events")
            guard server.output == .table else { return try Printer.json(events) }
            var table = TextTable("when", "event", "what")
            for event in events { table.add("\(Readable.age(event.time, now: Readable.now)) ago", event.name, event.detail) }
            print(table.isEmpty ? "no event" : table.render())
        }
    }
}
