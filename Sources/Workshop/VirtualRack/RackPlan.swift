package import Primitives

/// What `Rack.up` is asked to make.
package struct RackPlan: Sendable {
    package var name = RackName.standard
    package var stateDirectory = StateDirectory.standard
    /// Hosts are named `h1` to `hN`.
    package var hosts = 1
    package var firmware = Firmware.bios
    /// Network cards a host; all are on the rack's bridge and only the first one boots.
    package var interfaces = 1
    package var memoryMebibytes = 3072
    package var processors = 2
    /// NUMA nodes of a host, which share its memory and processors evenly.
    package var nodes = 1
    /// Size of each host's empty disk in bytes; `nil`, as usual, for none.
    package var diskBytes: Int64?
    /// A TPM 2.0 of its own for each host, which firmware takes time for.
    package var hasTPM = false
    /// The bridge's address, which a server inside the namespace listens on.
    package var address = IPv4Interface("10.77.0.1/24")!  // a constant that parses
    /// UUIDs of the first hosts; the others' are derived (see `VirtualHostIdentity`).
    package var uuids: [UniversalUniqueIdentifier] = []
    package var powersOn = true
    /// `nil` to find out by booting.
    package var accelerator: Accelerator?

    package init() {}

    /// Everything that is wrong with the numbers, in the order of the command line's options.
    package var problems: [String] {
        var found: [String] = []
        func check(_ value: Int, _ range: ClosedRange<Int>, _ what: String) {
            if !range.contains(value) { found.append("\(what) is \(value); possible are \(range.lowerBound) to \(range.upperBound)") }
        }
        check(hosts, 1...200, "the number of hosts")
        check(interfaces, 1...8, "the number of network cards")
        check(memoryMebibytes, 64...1_048_576, "memory in MiB")
        check(processors, 1...64, "the number of processors")
        check(nodes, 1...max(1, processors), "the number of NUMA nodes")
        if let diskBytes, !(1 << 20...1 << 44).contains(diskBytes) {
            found.append("the disk's size is \(diskBytes) bytes; possible are 1 MiB to 16 TiB")
        }
        if Set(uuids).count != uuids.count { found.append("a UUID is given twice") }
        if uuids.count > max(0, hosts) { found.append("\(uuids.count) UUIDs are given for \(hosts) hosts") }
        if firmware.usesFlash, memoryMebibytes < 128 { found.append("UEFI firmware needs at least 128 MiB of memory") }
        return found
    }
}
