package import HostContract
package import Primitives

/// Reads what the host is made of from /sys and /proc. What cannot be read is left out: an inventory with a hole is better than none.
package struct InventoryReader: Sendable {
    private let root: HostRoot

    package init(root: HostRoot) { self.root = root }

    package func read() -> Inventory {
        Inventory(
            system: system, processor: processor, memoryBytes: memory("MemTotal") ?? 0, memoryMap: memoryMap, memoryNodes: memoryNodes,
            interfaces: interfaces, disks: disks,
            firmware: root.isDirectory("/sys/firmware/efi") ? .uefi : .bios, kernel: root.line("/proc/sys/kernel/osrelease") ?? "unknown",
            hasKVM: GuestPlatform.hasKVM(root), hasTPM: root.exists("/sys/class/tpm/tpm0"))
    }

    /// Seconds since the kernel started.
    package var uptime: Double { root.line("/proc/uptime")?.split(separator: " ").first.flatMap { Double($0) } ?? 0 }

    /// Bytes that are not available to programs.
    package var memoryUsed: UInt64? {
        guard let total = memory("MemTotal"), let available = memory("MemAvailable"), total >= available else { return nil }
        return total - available
    }

    /// Bytes that a new program could have (MemAvailable).
    package var memoryAvailable: UInt64? { memory("MemAvailable") }

    /// The UUID by which firmware knows the board (SMBIOS type 1).
    package var systemUUID: UniversalUniqueIdentifier? {
        root.line("/sys/class/dmi/id/product_uuid").flatMap { UniversalUniqueIdentifier($0) }
    }

    private var system: Inventory.System {
        let field = { (name: String) in root.line("/sys/class/dmi/id/" + name).map { String($0.prefix(200)) } }
        return Inventory.System(
            manufacturer: field("sys_vendor"), product: field("product_name"), serial: field("product_serial"), uuid: systemUUID)
    }

    private var processor: Inventory.Processor {
        var (model, count, sockets, virtualization) = ("unknown", 0, Set<Substring>(), String?.none)
        for line in lines("/proc/cpuinfo") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let key = parts.first?.split(whereSeparator: \.isWhitespace).joined(separator: " ") else { continue }
            let value = parts.dropFirst().first.map { $0.drop(while: \.isWhitespace) } ?? ""
            switch key {
            case "processor": count += 1
            case "model name": model = String(value.prefix(200))
            case "physical id": sockets.insert(value)
            case "flags": virtualization = value.split(separator: " ").first { $0 == "vmx" || $0 == "svm" }.map(String.init)
            default: break
            }
        }
        return Inventory.Processor(model: model, count: count, sockets: max(1, sockets.count), virtualization: virtualization)
    }

    private func memory(_ field: String) -> UInt64? {
        for line in lines("/proc/meminfo") where line.hasPrefix(field + ":") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = UInt64(words[1]), kibibytes < 1 << 50 else { return nil }
            return kibibytes << 10
        }
        return nil
    }

    /// In the order of addresses. Only kernels with CONFIG_FIRMWARE_MEMMAP tell.
    private var memoryMap: [Inventory.MemoryRange] {
        let ranges = root.list("/sys/firmware/memmap").compactMap { entry -> Inventory.MemoryRange? in
            let directory = "/sys/firmware/memmap/\(entry)/"
            guard let start = number(directory + "start"), let end = number(directory + "end"), let kind = root.line(directory + "type")
            else { return nil }
            return Inventory.MemoryRange(start: start, end: end, kind: kind)
        }
        return ranges.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    }

    private var memoryNodes: [Inventory.MemoryNode] {
        (try? root.read("/sys/firmware/acpi/tables/SRAT")).flatMap { $0 }.map { AffinityTable($0).nodes } ?? []
    }

    private func number(_ path: String) -> UInt64? {
        guard let text = root.line(path) else { return nil }
        return text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }

    private var interfaces: [Inventory.NetworkInterface] {
        NetworkInterfaces.physical(in: root).compactMap { name in
            guard let address = NetworkInterfaces.address(of: name, in: root) else { return nil }
            let directory = "/sys/class/net/\(name)/"
            let speed = root.line(directory + "speed").flatMap { Int($0) }
            return Inventory.NetworkInterface(
                name: name, hardwareAddress: address, driver: root.linkName(directory + "device/driver"),
                hasCarrier: root.line(directory + "carrier") == "1", speed: speed.flatMap { $0 > 0 ? $0 : nil })
        }
    }

    private var disks: [Inventory.Disk] {
        root.list("/sys/block").compactMap { name in
            // Loop devices, RAM disks and the like have no device below them.
            guard root.exists("/sys/block/\(name)/device"), let sectors = root.line("/sys/block/\(name)/size").flatMap({ UInt64($0) }),
                sectors > 0
            else {
                return nil
            }
            return Inventory.Disk(
                name: name, bytes: sectors.multipliedReportingOverflow(by: 512).partialValue,
                model: root.line("/sys/block/\(name)/device/model"))
        }
    }

    private func lines(_ path: String) -> [Substring] {
        String(decoding: (try? root.read(path)) ?? [], as: UTF8.self).split(separator: "\n")
    }
}
