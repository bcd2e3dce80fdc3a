import Glibc
package import HostContract
package import Primitives

/// The parts of RAM that `memmap=SIZE!START` sets aside, one near each socket's processors: the kernel shows each as a persistent memory device, and
/// keeps off it. File systems that map files straight into it (DAX) are what guests and images lie in. Images are in the first, and all else that
/// one system leaves for the next.
///
/// Nothing in it is copied when the kernel changes, and a cold boot clears it: only a kernel that was told to take it over does so.
package struct PersistentMemory: GuestMemory {
    /// Where no memory is set aside, what one system leaves for the next is seen here from a disk: see `LuggageDisk`.
    package static let place = "/run/bennu/memory"
    private static let guests = "/guests"
    static let roots = place + "/roots"
    static let states = place + "/states"
    static let handover = place + "/handover"
    static let takenOver = place + "/taken-over"
    /// Holds the id of the kernel's run that the file system was made in, or taken over by the initrd: it is not made again. `.1` and so on for others.
    static let mark = "/run/bennu/memory.boot"
    /// Bytes that guests leave free for the change itself: two root images, the former kernel, and the guests' device states.
    package static let reserve: UInt64 = 256 << 20

    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    package func open() throws(HostFailure) -> GuestMemoryStatus? {
        let regions = regions
        let devices = regions.compactMap(device)
        guard !devices.isEmpty, devices.count == regions.count else { return nil }
        let kernel = root.line("/proc/sys/kernel/random/boot_id") ?? "unknown"
        for (region, device) in zip(regions, devices) {
            let mark = region.number == 0 ? Self.mark : "\(Self.mark).\(region.number)"
            if !isMounted(region) {
                // A soft reboot takes no mount below /run along, but the file system is this kernel's.
                if root.line(mark) != kernel { try make(on: device) }
                try root.makeDirectory(region.place, mode: 0o711)
                try Command("/usr/bin/mount", ["-t", "ext4", "-o", "dax=always,noatime", device, region.place]).run(in: root)
            }
            keepCaches(of: device)
            try root.write(mark, Array((kernel + "\n").utf8))
            try root.makeDirectory(region.place + Self.guests, mode: 0o711)
        }
        for directory in [Self.roots, Self.states] { try root.makeDirectory(directory, mode: 0o711) }
        // Nobody goes on with a download of an order that has ended with its agent.
        for file in root.list(Self.roots) where file.hasSuffix(".partial") { try root.remove("\(Self.roots)/\(file)") }
        return status
    }

    /// No journal: nothing is read after a crash. Files begin where pages of 2 MiB do, so that one entry of a page table, and one note that it was
    /// written to, stands for 512 pages: 4 KiB at a time, a guest would wait for each page that it has written.
    private func make(on device: String) throws(HostFailure) {
        let layout = ["-b", "4096", "-m", "0", "-T", "largefile", "-O", "^has_journal", "-E", "stride=512,stripe_width=512"]
        try Command("/usr/sbin/mkfs.ext4", ["-q", "-F"] + layout + [device]).run(in: root)
    }

    /// What the processors have in their caches is there for the next kernel, too: the power stays on. By itself the kernel writes every line of the
    /// pages that guests have written back to memory when the file system is synchronized, while they stand.
    private func keepCaches(of device: String) {
        let setting = "/sys/block/\(device.dropFirst(5))/dax/write_cache"
        if root.exists(setting) { try? root.writeInPlace(setting, Array("0\n".utf8)) }
    }

    package var status: GuestMemoryStatus? {
        let spaces = regions.map(space)
        guard let first = spaces.first.flatMap({ $0 }) else { return nil }
        return GuestMemoryStatus(
            bytes: spaces.reduce(0) { $0 &+ ($1?.bytes ?? 0) }, free: spaces.reduce(0) { $0 &+ ($1?.free ?? 0) },
            freeForSystems: spaces.count > 1 ? first.free : nil)
    }

    /// Bytes that there are and that are free; `nil` where it is not mounted.
    private func space(_ region: Region) -> (bytes: UInt64, free: UInt64)? {
        var space = statvfs()
        guard isMounted(region), statvfs(root.path(region.place), &space) == 0 else { return nil }
        let unit = UInt64(space.f_frsize)
        return (
            UInt64(space.f_blocks).multipliedReportingOverflow(by: unit).partialValue,
            UInt64(space.f_bavail).multipliedReportingOverflow(by: unit).partialValue
        )
    }

    private func isMounted(_ region: Region) -> Bool { MountTable(root).mounts.contains { $0.target == region.place } }

    package func room(_ bytes: UInt64, for guest: UniversalUniqueIdentifier, near processors: Set<Int>?) -> String? {
        let candidates = regions.compactMap { region -> (file: String, rank: Int, left: UInt64)? in
            guard let space = space(region) else { return nil }
            let file = file(of: guest, in: region)
            // What it has already counts as free: it gets new memory at each start. Another size would be in the way of the change itself.
            let held = root.size(file)
            let needed = bytes &+ (region.number == 0 && held != bytes ? Self.reserve : 0)
            guard space.free &+ held >= needed else { return nil }
            let isNear = processors?.isSubset(of: self.processors(near: region)) ?? false
            return (file, (isNear ? 2 : 0) + (held > 0 ? 1 : 0), space.free &+ held &- needed)
        }
        return candidates.max { ($0.rank, $0.left) < ($1.rank, $1.left) }?.file
    }

    private func file(of guest: UniversalUniqueIdentifier, in region: Region) -> String { "\(region.place)\(Self.guests)/\(guest).ram" }

    package func reserve(_ bytes: UInt64, for guest: UniversalUniqueIdentifier, at file: String) throws(HostFailure) {
        try release(guest)
        let path = root.path(file)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HostRoot.failure(.unwritable, "cannot make \(path)", errno) }
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(clamping: bytes))
        guard code == 0 else {
            unlink(path)
            throw HostRoot.failure(.unwritable, "cannot set \(bytes >> 20) MiB aside for guest \(guest)", code)
        }
        giveToEmulator(file)
    }

    /// What a system left for the next, once that has arrived, or will not come.
    func forgetHandover() {
        for directory in [Self.handover, Self.takenOver, FormerSystem.place] {
            try? Command("/usr/bin/rm", ["-rf", "--one-file-system", root.path(directory)]).run(in: root)
        }
    }

    /// Lets go of the memory of guests that are not here any more.
    package func collect(keeping guests: Set<UniversalUniqueIdentifier>) {
        for file in regions.flatMap({ root.list($0.place + Self.guests) }) where file.hasSuffix(".ram") {
            guard let guest = UniversalUniqueIdentifier(String(file.dropLast(4))), !guests.contains(guest) else { continue }
            try? release(guest)
        }
    }

    /// True when it has memory of guests in it.
    package var isUsed: Bool { regions.contains { !root.list($0.place + Self.guests).isEmpty } }

    func giveToEmulator(_ file: String) {
        if let (user, group) = emulatorAccount { chown(root.path(file), user, group) }
    }

    package func release(_ guest: UniversalUniqueIdentifier) throws(HostFailure) {
        for region in regions { try root.remove(file(of: guest, in: region)) }
    }

    /// Whom QEMU runs as here.
    private var emulatorAccount: (uid_t, gid_t)? {
        let accounts = (try? root.read("/etc/passwd")).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let fields = accounts.split(separator: "\n").first { $0.hasPrefix("libvirt-qemu:") }?.split(separator: ":", omittingEmptySubsequences: false)
        guard let fields, fields.count > 3, let user = uid_t(fields[2]), let group = gid_t(fields[3]) else { return nil }
        return (user, group)
    }
}

extension PersistentMemory {
    /// One that our kernel arguments name.
    private struct Region {
        /// In the order of the arguments.
        var number: Int
        var start: UInt64
        var place: String { number == 0 ? PersistentMemory.place : "\(PersistentMemory.place).\(number)" }
    }

    private var regions: [Region] {
        root.kernelArguments.compactMap { $0.hasPrefix("memmap=") ? Self.region($0.dropFirst(7)) : nil }.enumerated().map {
            Region(number: $0, start: $1.start)
        }
    }

    /// Its block device. Any other persistent memory belongs to somebody.
    private func device(_ region: Region) -> String? {
        root.list("/sys/block").first { name in
            name.hasPrefix("pmem") && root.line("/sys/block/\(name)/device/resource").flatMap(Self.number) == region.start
        }.map { "/dev/\($0)" }
    }

    /// Numbers of the processors that the kernel says are near.
    private func processors(near region: Region) -> Set<Int> {
        guard let name = device(region)?.dropFirst(5), let node = root.line("/sys/block/\(name)/device/numa_node").flatMap({ Int($0) }), node >= 0,
            let list = root.line("/sys/devices/system/node/node\(node)/cpulist")
        else { return [] }
        return ProcessorList(list)?.processors ?? []
    }

    /// True when the kernel was told to set memory aside, whether there is a device of it or not.
    package var isAsked: Bool { !regions.isEmpty }

    /// What the initrd of the next system finds the regions behind the first by: address and number.
    var places: String { regions.dropFirst().map { "\($0.start) \($0.number)\n" }.joined() }

    /// Where guests' memory and what systems leave for each other lies.
    var mounted: [String] { regions.filter(isMounted).map(\.place) }

    /// `SIZE!START` of Documentation/admin-guide/kernel-parameters.txt, `memmap=`.
    package static func region(_ text: Substring) -> (bytes: UInt64, start: UInt64)? {
        let parts = text.split(separator: "!", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = number(parts[0]), let start = number(parts[1]) else { return nil }
        return (bytes, start)
    }

    /// As the kernel's memparse(): decimal, or hexadecimal after 0x, and a suffix.
    private static func number(_ text: some StringProtocol) -> UInt64? {
        var digits = text[...]
        var shift: UInt64 = 0
        if let last = digits.last, let place = Array("kmgt").firstIndex(of: Character(last.lowercased())) {
            shift = UInt64(place + 1) * 10
            digits = digits.dropLast()
        }
        let value = digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
        guard let value, value.leadingZeroBitCount >= shift else { return nil }
        return value << shift
    }
}
