import ArgumentParser
import FleetModel
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Rollout

struct HostTimelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "Every event of a boot, with the seconds since its first packet.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String
    @Option(help: "Another boot than the last: its id (b-…), or all.") var boot: String?
    @Flag(help: "Go on with events as they come, until interrupted.") var follow = false

    func run() async throws {
        try await withProblems {
            let client = OperatorClient(socketPath: server.socketPath)
            let path = HostPath.of(host, "/timeline") + (boot.map { "?boot=\($0)" } ?? "")
            let timeline = try await client.get(Timeline.self, path)
            if server.output == .json, !follow { return try Printer.json(timeline) }
            if server.output == .table { header(timeline) }
            var printer = TimelinePrinter(began: timeline.boot?.startedAt ?? timeline.events.first?.time ?? 0, boot: timeline.boot?.id)
            for event in timeline.events { try show(event, &printer) }
            guard follow else { return }
            let after = timeline.events.last?.sequence ?? 0
            for try await line in client.lines(HostPath.of(host, "/timeline/follow") + "?after=\(after)") {
                try show(JSONDecoder().decode(BootEvent.self, from: Data(line.utf8)), &printer)
            }
        }
    }

    private func header(_ timeline: Timeline) {
        let name = timeline.name ?? timeline.host.description
        print(timeline.boot.map { "\(name): boot \($0.id), \($0.kind.rawValue), \($0.phase.rawValue)" } ?? "\(name): no boot was seen yet")
    }

    private func show(_ event: BootEvent, _ printer: inout TimelinePrinter) throws {
        if server.output == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(event), as: UTF8.self))
        } else {
            print(printer.line(event))
        }
        fflush(nil)
    }
}

/// Lines of a timeline; when another boot begins, its offsets begin again.
struct TimelinePrinter {
    var began: Int64
    var boot: BootID?
    /// Of the order that the lines are told for: they begin with the step that they are, of how many.
    var progress: UpgradeProgress?

    mutating func line(_ event: BootEvent) -> String {
        if let next = event.boot, next != boot {
            (boot, began) = (next, event.time)
        }
        func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
        let offset = Readable.offset(event.time - began)
        // What the text says already is not said twice, and the transaction ids of DHCP are for programs (--output json).
        let figures = event.attributes.filter { $0.key != "xid" && !event.detail.contains($0.value) }.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        let place = String(repeating: " ", count: max(0, 10 - offset.count)) + offset
        let step = progress.map { progress in pad(self.progress?.take(event.name).map { "\($0)/\(progress.count)" } ?? "", 6) } ?? ""
        return
            "\(step)\(place)  \(pad(event.source.rawValue, 13))  \(pad(event.name, 20))  \([event.detail, figures].filter { !$0.isEmpty }.joined(separator: "  "))"
    }
}
