package import ArgumentParser
import FleetModel
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Rollout

package struct GuestCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "guest", abstract: "Guests that run.", discussion: "What guests there are to be is said by documents: bennu apply.",
        subcommands: [GuestRenewCommand.self])
    package init() {}
}

struct GuestRenewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Move a running guest to the QEMU of the system that its host runs now.",
        discussion: """
            A soft upgrade leaves guests in the QEMU that they started with, whose root stays in the host's memory. This saves the guest's \
            devices, starts the new QEMU on the memory where the guest's lies, and lets it go on: no restart, and a pause that is measured. \
            It needs guestMemory on the host. Leaves with 2 when the guest could not be renewed.

              bennu guest renew r1u7 web
            """)
    @OptionGroup var server: ServerOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String
    @Argument(help: "The guest's name.") var guest: String
    @Option(help: "Seconds to wait for it.") var timeout = 300

    func run() async throws {
        try await withProblems {
            let client = OperatorClient(socketPath: server.socketPath)
            let path = HostPath.of(host, "/guests/\(HostPath.escaped(guest))/renewal")
            let order = try await client.post(path, body: [String: String](), answer: GuestRenewalRecord.self).order
            let end = ContinuousClock.now + .seconds(timeout)
            while ContinuousClock.now < end {
                let current = try await client.get(HostDetail.self, HostPath.of(host)).record.renewal
                if let current, current.order.id == order.id, current.state != .ordered { return try report(current) }
                try await Task.sleep(for: .milliseconds(300))
            }
            Printer.error("error: no word came of guest \(guest) within \(timeout) s; see: bennu host timeline \(host)")
            throw ExitStatus.unmet
        }
    }

    private func report(_ renewal: GuestRenewalRecord) throws {
        if server.output == .json { try Printer.json(renewal) }
        guard renewal.state == .done else {
            Printer.error("error: guest \(guest) was not renewed: \(renewal.failure ?? "no reason was given")")
            throw ExitStatus.unmet
        }
        if server.output == .table { print("guest \(guest): pause \(PauseText.of(milliseconds: renewal.pause ?? 0)) (it went on where it was)") }
    }
}
