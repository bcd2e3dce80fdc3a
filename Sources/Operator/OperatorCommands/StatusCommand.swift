package import ArgumentParser
import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

package struct StatusCommand: AsyncParsableCommand {
    /// What scripts ask for.
    enum Field: String, ExpressibleByArgument, CaseIterable { case process, revision, site, version }

    package static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the server is and does: roles, hosts by state, requests and refusals by name.")
    @OptionGroup var server: ServerOptions
    @Option(help: "Print this value alone.") var field: Field?
    package init() {}

    package func run() async throws {
        try await withProblems {
            let status = try await OperatorClient(socketPath: server.socketPath).get(ServerStatus.self, "/v1/status")
            switch field {
            case .process: return print(status.processID)
            case .revision: return print(status.revision)
            case .site: return print(status.site)
            case .version: return print(status.version)
            case nil: break
            }
            guard server.output == .table else { return try Printer.json(status) }
            print("bennu \(status.version), site \(status.site), process \(status.processID), revision \(status.revision)")
            print("roles: \(status.roles.joined(separator: ", "))")
            print("hosts: \(status.hosts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))\n")
            var loads = TextTable("downloads", "slots", "in use", "queued")
            func add(_ name: String, _ load: DownloadLoad) { loads.add(name, "\(load.limit)", "\(load.downloading)", "\(load.queued)") }
            if let server = status.downloads?.server { add("boot server", server) }
            for (name, load) in (status.downloads?.subnets ?? [:]).sorted(by: { $0.key < $1.key }) { add("subnet \(name)", load) }
            if !loads.isEmpty { print(loads.render() + "\n") }
            if let use = status.addresses { Self.show(use) }
            var table = TextTable("role", "counter", "count")
            for (role, counters) in status.counters.sorted(by: { $0.key < $1.key }) {
                for (name, count) in counters.sorted(by: { $0.key < $1.key }) { table.add(role, name, "\(count)") }
            }
            if !table.isEmpty { print(table.render()) }
        }
    }

    /// Of switch ports only those with the most.
    private static let mostPorts = 10

    private static func show(_ use: AddressUse) {
        var pools = TextTable("subnet", "addresses", "in use", "declined", "strangers", "at most")
        for (name, pool) in use.subnets.sorted(by: { $0.key < $1.key }) {
            pools.add(
                name, "\(pool.addresses)", "\(pool.held)", "\(pool.declined)", "\(pool.strangers)", pool.mostStrangers.map { "\($0)" } ?? "-")
        }
        if !pools.isEmpty { print(pools.render() + "\n") }
        var ports = TextTable("switch port", "switch", "strangers")
        for port in use.ports.prefix(mostPorts) { ports.add(readable(port.circuit), port.remote.map(readable) ?? "-", "\(port.strangers)") }
        if use.ports.count > mostPorts { ports.add("\(use.ports.count - mostPorts) more", "-", "see --output json") }
        if !ports.isEmpty { print(ports.render() + "\n") }
    }

    /// As the switch names it where that is text, else in hexadecimal as a Subnet document takes it.
    private static func readable(_ hexadecimal: String) -> String {
        guard let bytes = Hexadecimal.decode(hexadecimal.utf8), !bytes.isEmpty, bytes.allSatisfy({ (33...126).contains($0) }) else {
            return "0x" + hexadecimal
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
