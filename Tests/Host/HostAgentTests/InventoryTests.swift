import HostAgent
import HostContract
import Primitives
import Testing

@Suite struct InventoryTests {
    @Test("what /sys and /proc say becomes the inventory")
    func reads() throws {
        let host = try TemporaryRoot()
        try host.put("/sys/class/dmi/id/sys_vendor", "QEMU\n")
        try host.put("/sys/class/dmi/id/product_uuid", "11223344-5566-7788-99aa-bbccddeeff00\n")
        try host.put("/sys/class/dmi/id/product_serial", "\n")
        try host.put(
            "/proc/cpuinfo",
            "processor\t: 0\nmodel name\t: A CPU\nphysical id\t: 0\nflags\t\t: fpu vmx\n\nprocessor\t: 1\nmodel name\t: A CPU\nphysical id\t: 1\n"
        )
        try host.put("/proc/meminfo", "MemTotal:        2048 kB\nMemFree: 1 kB\nMemAvailable:    1024 kB\n")
        try host.put("/proc/uptime", "12.50 20.00\n")
        try host.put("/proc/sys/kernel/osrelease", "6.12.0\n")
        for (index, range) in [("0x100000", "0x7fffffff"), ("0x0", "0x9fbff")].enumerated() {
            try host.put("/sys/firmware/memmap/\(index)/start", range.0)
            try host.put("/sys/firmware/memmap/\(index)/end", range.1)
            try host.put("/sys/firmware/memmap/\(index)/type", "System RAM\n")
        }
        try host.nic("ens3", "52:54:00:00:00:01")
        try host.put("/sys/class/net/ens3/speed", "-1\n")
        try host.put("/sys/class/net/lo/address", "00:00:00:00:00:00\n")
        try host.put("/sys/block/vda/size", "2048\n")
        try host.root.makeDirectory("/sys/block/vda/device", mode: 0o755)
        try host.put("/sys/block/loop0/size", "8\n")
        try host.root.makeDirectory("/sys/firmware/efi", mode: 0o755)

        let reader = InventoryReader(root: host.root)
        let inventory = reader.read()
        #expect(inventory.system.manufacturer == "QEMU")
        #expect(inventory.system.serial == nil)
        #expect(inventory.system.uuid == UniversalUniqueIdentifier("11223344-5566-7788-99aa-bbccddeeff00"))
        #expect(inventory.processor == .init(model: "A CPU", count: 2, sockets: 2, virtualization: "vmx"))
        #expect(inventory.memoryBytes == 2 << 20)
        #expect(
            inventory.memoryMap == [
                .init(start: 0, end: 0x9fbff, kind: "System RAM"), .init(start: 0x100000, end: 0x7fff_ffff, kind: "System RAM"),
            ])
        let address = try #require(HardwareAddress("52:54:00:00:00:01"))
        #expect(inventory.interfaces == [.init(name: "ens3", hardwareAddress: address, hasCarrier: true)])
        #expect(inventory.disks == [.init(name: "vda", bytes: 1 << 20)])
        #expect(inventory.firmware == .uefi)
        #expect(inventory.kernel == "6.12.0")
        #expect(!inventory.hasKVM && !inventory.hasTPM)
        #expect(reader.uptime == 12.5)
        #expect(reader.memoryUsed == 1 << 20)
    }

    @Test("an empty host gives an empty inventory and nothing traps")
    func empty() throws {
        let inventory = InventoryReader(root: try TemporaryRoot().root).read()
        #expect(inventory.processor == .init(model: "unknown", count: 0, sockets: 1))
        #expect(inventory.firmware == .bios)
    }

    @Test("this machine's own inventory has a processor and memory")
    func here() {
        let inventory = InventoryReader(root: .host).read()
        #expect(inventory.processor.count > 0)
        #expect(inventory.memoryBytes > 1 << 20)
    }

    @Test(
        "libvirt's host UUID is set once, whatever was there",
        arguments: ["", "#host_uuid = \"0\"\nlog_level = 3\n", "host_uuid = \"0\"\n host_uuid_source=\"smbios\"\n", "x = 1"])
    func libvirtIdentity(before: String) throws {
        let host = try TemporaryRoot()
        try host.put(LibvirtIdentity.file, before)
        #expect(try LibvirtIdentity.prepare(machineID: "112233445566778899aabbccddeeff00", in: host.root))
        let text = try #require(try host.text(LibvirtIdentity.file))
        let settings = text.split(separator: "\n").filter { $0.contains("host_uuid") && !$0.hasPrefix("#") }
        #expect(settings == ["host_uuid = \"11223344-5566-7788-99aa-bbccddeeff00\""])
        #expect(try LibvirtIdentity.prepare(machineID: "112233445566778899aabbccddeeff00", in: host.root) == false)
        #expect(throws: HostFailure.self) { try LibvirtIdentity.prepare(machineID: "x\"", in: host.root) }
    }

    @Test("which memory is near to which processors is read from firmware's table, whatever is in it")
    func nodes() {
        func structure(_ kind: UInt8, _ node: UInt32, _ start: UInt64, _ bytes: UInt64, _ flags: UInt32) -> [UInt8] {
            func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
            return [kind, 40] + little(node) + [0, 0] + little(start) + little(bytes) + [0, 0, 0, 0] + little(flags) + [UInt8](repeating: 0, count: 8)
        }
        let table =
            Array("SRAT".utf8) + [UInt8](repeating: 0, count: 44) + [0, 16] + [UInt8](repeating: 1, count: 14)
            + structure(1, 1, 4 << 30, 2 << 30, 1) + structure(1, 0, 0, 2 << 30, 3) + structure(1, 2, 9 << 30, 1 << 30, 0)
            + structure(1, 3, 9 << 30, 0, 1) + structure(1, 4, .max, 2, 1)
        let nodes = AffinityTable(table).nodes
        let expected = [
            Inventory.MemoryNode(number: 0, start: 0, end: 0x7fff_ffff), Inventory.MemoryNode(number: 1, start: 0x1_0000_0000, end: 0x1_7fff_ffff),
        ]
        #expect(nodes == expected)
        // Cut off anywhere, and with every byte changed.
        for length in 0..<table.count { #expect(AffinityTable(Array(table.prefix(length))).nodes.count <= 2) }
        for place in table.indices {
            var other = table
            other[place] ^= 0xff
            #expect(AffinityTable(other).nodes.count <= 5)
        }
    }
}
