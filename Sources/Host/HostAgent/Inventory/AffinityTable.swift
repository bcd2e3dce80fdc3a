package import HostContract

/// Which memory is near to which processors, as firmware tells it (ACPI 6.5 section 5.2.16, System Resource Affinity Table). The kernel's own picture
/// lacks what was set aside.
package struct AffinityTable: Sendable, Hashable {
    package let nodes: [Inventory.MemoryNode]

    /// What cannot be read is left out.
    package init(_ table: [UInt8]) {
        func number(_ start: Int, _ length: Int) -> UInt64 {
            table[start..<start + length].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        var nodes: [Inventory.MemoryNode] = []
        // The header, and 12 reserved bytes.
        var place = table.starts(with: Array("SRAT".utf8)) ? 48 : table.count
        while place + 2 <= table.count {
            let (kind, length) = (table[place], Int(table[place + 1]))
            guard length >= 2, place + length <= table.count else { break }
            // Memory Affinity Structure, section 5.2.16.2; bit 0 of the flags: in use.
            if kind == 1, length >= 40, number(place + 28, 4) & 1 == 1 {
                let (start, bytes) = (number(place + 8, 8), number(place + 16, 8))
                let end = start.addingReportingOverflow(bytes &- 1)
                if bytes > 0, !end.overflow {
                    nodes.append(Inventory.MemoryNode(number: Int(number(place + 2, 4)), start: start, end: end.partialValue))
                }
            }
            place += length
        }
        self.nodes = nodes.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    }
}
