import ArgumentParser
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

struct DHCPTraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "The last DHCP packets, decoded, each with what was decided about it and why.",
        discussion: """
            The server keeps its last 2048 packets in memory, of every client; they are not written down.

              bennu dhcp trace r1u7
              bennu dhcp trace 52:54:00:12:34:56 --follow
              bennu dhcp trace --interface eno2 --brief
            """)
    @OptionGroup var server: ServerOptions
    @Argument(help: "Only of this host: name, host id, hardware address or UUID.") var host: String?
    @Option(help: "Only on this interface of the server.") var interface: String?
    @Flag(help: "Go on with packets as they come, until interrupted.") var follow = false
    @Flag(help: "A line for each packet, without what is in it.") var brief = false

    func run() async throws {
        try await withProblems {
            let client = OperatorClient(socketPath: server.socketPath)
            let packets = try await client.get([DHCPTraceEntry].self, path("", after: 0))
            if server.output == .json, !follow { return try Printer.json(packets) }
            for packet in packets { try show(packet) }
            if packets.isEmpty, !follow { Printer.error("no packet of this kind is among the last that the server has") }
            guard follow else { return }
            for try await line in client.lines(path("/follow", after: packets.last?.sequence ?? 0)) {
                try show(JSONDecoder().decode(DHCPTraceEntry.self, from: Data(line.utf8)))
            }
        }
    }

    private func path(_ end: String, after: Int64) -> String {
        let query = [("host", host), ("interface", interface)].compactMap { name, value in value.map { "&\(name)=\(HostPath.escaped($0))" } }
        return "/v1/dhcp/trace\(end)?after=\(after)\(query.joined())"
    }

    private func show(_ packet: DHCPTraceEntry) throws {
        if server.output == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(packet), as: UTF8.self))
        } else {
            print(packet.line)
            if !brief { for field in packet.fields { print("    \(field.name): \(field.value)") } }
        }
        fflush(nil)
    }
}

extension DHCPTraceEntry {
    /// `12:04:05.120 eno2 < discover from 0.0.0.0:68, 52:54:00:12:34:56 (r1u7): answered`
    fileprivate var line: String {
        let isOutgoing = decision == .sent || decision == .notSent
        let who = [hardwareAddress?.description, host.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
        let what = reason.map { "\(decision.rawValue): \($0)" } ?? decision.rawValue
        let message = [type ?? "unknown", isOutgoing ? "to" : "from", peer].joined(separator: " ")
        return "\(clock) \(interface) \(isOutgoing ? ">" : "<") \(message)\(who.isEmpty ? "" : ", \(who)"): \(what)"
    }

    /// UTC, in milliseconds.
    private var clock: String {
        let day = max(0, time) % 86_400_000
        func digits(_ number: Int64, _ count: Int) -> String { String(("000" + String(number)).suffix(count)) }
        return "\(digits(day / 3_600_000, 2)):\(digits(day / 60_000 % 60, 2)):\(digits(day / 1000 % 60, 2)).\(digits(day % 1000, 3))"
    }
}

struct DHCPStatisticsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statistics", abstract: "DHCP messages since the server started, and what was refused, by message and reason.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await withProblems {
            let counts = try await OperatorClient(socketPath: server.socketPath).get(DHCPCounts.self, "/v1/dhcp/statistics")
            guard server.output == .table else { return try Printer.json(counts) }
            var table = TextTable("message", "what", "count")
            for (type, count) in counts.received.sorted(by: { $0.key < $1.key }) { table.add(type, "received", "\(count)") }
            for (type, count) in counts.sent.sorted(by: { $0.key < $1.key }) { table.add(type, "sent", "\(count)") }
            for (type, reasons) in counts.refused.sorted(by: { $0.key < $1.key }) {
                for (reason, count) in reasons.sorted(by: { $0.key < $1.key }) { table.add(type, "refused: \(reason)", "\(count)") }
            }
            print(table.isEmpty ? "no message yet" : table.render())
            if counts.conflicts > 0 {
                let many = counts.conflicts == 1 ? "1 free address" : "\(counts.conflicts) free addresses"
                print("\n\(many) that another machine answered for; see: bennu dhcp events")
            }
            guard !counts.otherServers.isEmpty else { return }
            var others = TextTable("other server", "chosen", "answered us", "last", "by")
            for other in counts.otherServers {
                let age = Readable.age(other.last * 1000, now: Readable.now)
                others.add("\(other.address)", "\(other.count) times", "\(other.answers) times", "\(age) ago", other.client?.description ?? "-")
            }
            print("\n\(others.render())")
        }
    }
}
