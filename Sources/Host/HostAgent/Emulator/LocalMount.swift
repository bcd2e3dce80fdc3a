import Glibc

/// A file system on a disk in the host, which disks of guests lie in: mounted for them before there is a libvirt that would.
package struct LocalMount: Codable, Sendable, Hashable {
    package var target: String
    /// `ext4`.
    package var kind: String
    package var options: String
    /// The file system's own name, by which it is found again.
    package var identifier: String
    /// Where the disk is plugged in, and which part of it this is: a copy of the file system elsewhere has the same name.
    package var place: Place

    package struct Place: Codable, Sendable, Hashable {
        /// The disk's own name, unique in the world; `nil` for one that has none.
        package var disk: String?
        /// PCI addresses from the root of the bus on, `0000:00:05.0`; empty for one with several ways to it.
        package var addresses: [String]
        package var partition: String?
        /// Of 512 bytes.
        package var sectors: String

        package init(disk: String?, addresses: [String], partition: String?, sectors: String) {
            (self.disk, self.addresses, self.partition, self.sectors) = (disk, addresses, partition, sectors)
        }

        /// - Parameter device: major and minor number.
        /// - Returns: `nil` for one that is not simply a disk in this host or a part of it: made of others, or behind a network.
        package init?(_ device: String, in root: HostRoot) {
            let link = "/sys/dev/block/\(device)"
            guard let path = root.link(link), let sectors = root.line("\(link)/size") else { return nil }
            let steps = path.split(separator: "/").map(String.init)
            let partition = root.line("\(link)/partition")
            let whole = partition == nil ? link : "\(link)/.."
            self.init(
                disk: root.line("\(whole)/wwid") ?? root.line("\(whole)/device/wwid"), addresses: steps.filter(Self.isAddress), partition: partition,
                sectors: sectors)
            if steps.contains("nvme-subsystem") {
                let ways = root.list("\(whole)/..").compactMap { root.line("\(whole)/../\($0)/transport") }
                guard disk != nil, !ways.isEmpty, ways.allSatisfy({ $0 == "pcie" }) else { return nil }
            } else {
                let far = ["session", "rport-", "nvme-fabrics", "virtual"]
                guard !addresses.isEmpty, !steps.contains(where: { step in far.contains { step.hasPrefix($0) } }) else { return nil }
                // Several disks have the address of their controller.
                guard disk != nil || !steps.contains(where: { $0.hasPrefix("target") }) else { return nil }
            }
        }

        private static func isAddress(_ step: String) -> Bool {
            let parts = step.split(separator: ":")
            return parts.count == 3 && parts[2].utf8.count == 4 && parts[2].contains(".")
        }
    }

    package init(target: String, kind: String, options: String, identifier: String, place: Place) {
        (self.target, self.kind, self.options, self.identifier, self.place) = (target, kind, options, identifier, place)
    }

    /// Those that are simply there when their device is.
    private static let kinds: Set<String> = ["ext4", "xfs"]
    private static let names = "/dev/disk/by-uuid"
    /// Those that every kernel takes for every file system (mount(8)); what one kernel shows of others the next may refuse.
    private static let flags: Set<String> = ["rw", "ro", "nodev", "nosuid", "noexec", "noatime", "relatime", "strictatime", "nodiratime", "lazytime"]

    /// - Parameter mount: as it is now.
    /// - Throws: why only libvirt, or what it waits for, can mount it.
    init(_ mount: MountTable.Mount, in root: HostRoot) throws(NeedsLibvirt) {
        guard Self.kinds.contains(mount.kind), mount.part == "/", !mount.target.contains("\\") else {
            throw NeedsLibvirt(reason: "\(mount.target) is a file system that is not simply mounted (\(mount.kind))")
        }
        guard let place = Place(mount.device, in: root), let device = root.linkName("/sys/dev/block/\(mount.device)") else {
            throw NeedsLibvirt(reason: "\(mount.target) is not on a disk in this host")
        }
        guard let identifier = root.list(Self.names).first(where: { root.linkName("\(Self.names)/\($0)") == device }) else {
            throw NeedsLibvirt(reason: "the file system at \(mount.target) has no name of its own")
        }
        let options = mount.options.split(separator: ",").filter { Self.flags.contains(String($0)) }.joined(separator: ",")
        self.init(target: mount.target, kind: mount.kind, options: options, identifier: identifier, place: place)
    }

    /// - Throws: when it is not there by the deadline.
    func mount(in root: HostRoot, until deadline: Double) throws(HostFailure) {
        var drivers = DiskDrivers(root: root)
        drivers.load([kind])
        try root.makeDirectory(target, mode: 0o711)
        while true {
            drivers.loadFound()
            if let device = device(in: root) {
                return try Command("/usr/bin/mount", ["-t", kind, "-o", options, device, root.path(target)]).run(in: root, seconds: 60)
            }
            guard KernelClock.now < deadline else { throw HostFailure(.missing, "the disk of \(target) does not appear") }
            usleep(100_000)
        }
    }

    /// At its place, with its name: a copy elsewhere is not even looked at.
    private func device(in root: HostRoot) -> String? {
        for number in root.list("/sys/dev/block") where Place(number, in: root) == place {
            guard let name = root.linkName("/sys/dev/block/\(number)") else { continue }
            let look = Command("/usr/sbin/blkid", ["-c", "/dev/null", "-t", "UUID=\(identifier)", root.path("/dev/\(name)")])
            if (try? look.run(in: root, seconds: 30)) != nil { return root.path("/dev/\(name)") }
        }
        return nil
    }
}

/// Drivers of disks, before udev is there to load them.
struct DiskDrivers {
    let root: HostRoot
    private var known: Set<String> = []

    init(root: HostRoot) { self.root = root }

    /// What is new on the buses: a driver that was loaded a moment ago may have brought more.
    mutating func loadFound() {
        var aliases: Set<String> = []
        // Mass storage (PCI Code and ID Assignment, base class 01h).
        for device in root.list("/sys/bus/pci/devices") where root.line("/sys/bus/pci/devices/\(device)/class")?.hasPrefix("0x01") == true {
            if let alias = root.line("/sys/bus/pci/devices/\(device)/modalias") { aliases.insert(alias) }
        }
        for bus in ["virtio", "scsi"] {
            for device in root.list("/sys/bus/\(bus)/devices") {
                if let alias = root.line("/sys/bus/\(bus)/devices/\(device)/modalias") { aliases.insert(alias) }
            }
        }
        let new = aliases.subtracting(known)
        known.formUnion(new)
        load(new.sorted())
    }

    func load(_ modules: [String]) {
        // One that has none fails, and the rest is loaded.
        for module in modules { try? Command("/usr/sbin/modprobe", ["-q", "-b", module]).run(in: root, seconds: 30) }
    }
}
