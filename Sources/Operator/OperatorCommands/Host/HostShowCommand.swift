import ArgumentParser
import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

struct HostShowCommand: AsyncParsableCommand {
    /// What scripts ask for.
    enum Field: String, ExpressibleByArgument, CaseIterable { case address, boot, id, name, phase, state }

    static let configuration = CommandConfiguration(commandName: "show", abstract: "All that the servers hold about one host.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The host: name, host id, hardware address or UUID.") var host: String
    @Option(help: "Print this value alone; leaves with 2 when the host has none (address, boot and phase are of its last boot).")
    var field: Field?

    func run() async throws {
        try await withProblems {
            let detail = try await OperatorClient(socketPath: server.socketPath).get(HostDetail.self, HostPath.of(host))
            if let field {
                guard let value = detail.value(of: field) else { throw ExitStatus.unmet }
                return print(value)
            }
            guard server.output == .table else { return try Printer.json(detail) }
            print(detail.text(now: Readable.now))
        }
    }
}

enum HostPath {
    /// The path of one host; its name may hold anything.
    static func of(_ host: String, _ rest: String = "") -> String { "/v1/hosts/\(escaped(host))\(rest)" }

    static func escaped(_ text: String) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:".utf8)
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte in
            allowed.contains(byte) ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }.joined()
    }
}

extension HostDetail {
    func value(of field: HostShowCommand.Field) -> String? {
        switch field {
        case .address: record.boot?.address?.description
        case .boot: record.boot?.id.description
        case .id: record.id.description
        case .name: summary.name
        case .phase: record.boot?.phase.rawValue
        case .state: summary.state.rawValue
        }
    }

    /// Several lines for a person.
    func text(now: Int64) -> String {
        var lines: [String] = []
        func add(_ label: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append(label + String(repeating: " ", count: max(1, 16 - label.count)) + value)
        }
        add("name", summary.name)
        add("host id", record.id.description)
        add("state", summary.state.rawValue + (summary.drift ? " (drift)" : ""))
        add("UUID", record.claims.uuid?.description)
        add("NICs", record.claims.hardwareAddresses.map(\.description).joined(separator: ", "))
        add("firmware", record.firmware)
        add("address", record.boot?.address?.description)
        add("assignment", assignment.map { "\($0.reference) (\($0.image.short)), revision \(revision)" })
        add("obstacle", obstacle)
        add("queued", summary.queue?.text)
        add("guest memory", guestMemory?.description)
        add("last good image", record.lastGood?.image.short)
        add("image trouble", record.trouble.map { "\($0.image.short): \($0.text)" })
        add(
            "stand-in",
            record.standIn.map { standIn in
                "boots \(standIn.good.image.short) in place of \(standIn.failed.short), which failed; "
                    + "to try it again: bennu host set \(summary.name ?? record.id.description) --image \(assignment?.reference ?? "REFERENCE")"
            })
        if let boot = record.boot {
            add("boot", "\(boot.id), \(boot.kind.rawValue), \(boot.phase.rawValue), began \(Readable.age(boot.startedAt, now: now)) ago")
            add("runs image", boot.image?.short)
            if let took = boot.operationalAt.map({ $0 - boot.startedAt }) { add("operational", "\(Readable.offset(took)) s after its first packet") }
            add("last report", boot.lastReport.map { Readable.age($0, now: now) + " ago" })
        }
        if let system = record.boot?.status?.system {
            add("kernel runs", system.kernelRelease)
            add("kept for guests", system.guestMemory.map { "\($0.bytes >> 20) MiB, \($0.free >> 20) MiB of it free" })
            for disk in system.localFileSystems ?? [] { add("saves guests in", "\(disk.path), \(disk.free >> 20) MiB of it free") }
            for root in system.roots {
                add(
                    "root in memory",
                    "\(root.root.short), \(root.bytes >> 20) MiB\(root.root == system.root ? ", runs" : root.isInUse ? ", kept by guests" : "")")
            }
        }
        if let upgrade = record.upgrade {
            add(
                "last upgrade",
                "\(upgrade.order.method.rawValue) to \(upgrade.order.image.image.short): \(upgrade.state.rawValue)\(upgrade.failure.map { ", " + $0 } ?? "")"
            )
        }
        if let inventory = record.inventory {
            add("system", [inventory.system.manufacturer, inventory.system.product].compactMap(\.self).joined(separator: " "))
            add("processor", "\(inventory.processor.count) × \(inventory.processor.model)")
            add("memory", "\(inventory.memoryBytes >> 20) MiB")
            add("kernel", inventory.kernel)
        }
        if let status = record.boot?.status {
            lines.append("")
            var items = TextTable("item", "state", "detail")
            for item in status.items { items.add("\(item.item)", item.state.rawValue, item.detail) }
            if !items.isEmpty { lines.append(items.render()) }
            var guests = TextTable("guest", "state", "process", "memory")
            for guest in status.guests {
                guests.add(guest.name, guest.state, guest.processID.map(String.init) ?? "-", guest.text(under: status.system?.root))
            }
            if !guests.isEmpty { lines += ["", guests.render()] }
        }
        return lines.joined(separator: "\n")
    }
}

extension GuestStatus {
    /// Where its memory lies, how much it is, what holds it to this kernel and this system, and whose QEMU it runs in, where that is another's.
    fileprivate func text(under running: Digest?) -> String {
        let words = [
            memory?.rawValue, memoryBytes.map { "\($0 >> 20) MiB" }, fixture ?? program, unreachable,
            root.flatMap { $0 == running ? nil : "in the QEMU of root \($0.short)" },
        ]
        return words.contains { $0 != nil } ? words.compactMap(\.self).joined(separator: ", ") : "-"
    }
}
