import FoundationEssentials
import Primitives
import VirtualRack

/// The hosts of racks as people and programs read them.
struct RackReport {
    /// The JSON form of one host; a field, once here, stays.
    struct Row: Encodable {
        let rack: RackName
        let host: String
        let power: String
        let firmware: Firmware
        let accelerator: Accelerator
        let hardwareAddresses: [HardwareAddress]
        let uuid: UniversalUniqueIdentifier
        let processID: Int32?
        let cpuSeconds: Double?
        let serialLog: String
        let console: String
    }

    let rows: [Row]

    init(_ hosts: [VirtualHostStatus]) {
        rows = hosts.map { status in
            Row(
                rack: status.rack, host: status.host.name, power: status.process == nil ? "off" : "on", firmware: status.host.firmware,
                accelerator: status.accelerator, hardwareAddresses: status.host.hardwareAddresses, uuid: status.host.uuid,
                processID: status.process?.pid, cpuSeconds: status.processorSeconds, serialLog: status.files.serialLog,
                console: status.files.console)
        }
    }

    func text(as output: RackOutput) throws -> String {
        switch output {
        case .table: table
        case .json:
            try {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                return String(decoding: try encoder.encode(rows), as: UTF8.self)
            }()
        }
    }

    private var table: String {
        let lines =
            [["RACK", "HOST", "POWER", "FIRMWARE", "ACCELERATOR", "HARDWARE ADDRESS", "UUID", "CPU SECONDS"]]
            + rows.map { row in
                [
                    row.rack.description, row.host, row.power, row.firmware.rawValue, row.accelerator.rawValue,
                    row.hardwareAddresses.first?.description ?? "-", row.uuid.description, row.cpuSeconds.map(Self.tenths) ?? "-",
                ]
            }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let text = cells.joined(separator: "  ")
            return String(text[..<(text.lastIndex { $0 != " " }.map(text.index(after:)) ?? text.startIndex)])
        }.joined(separator: "\n")
    }

    private static func tenths(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }
}
