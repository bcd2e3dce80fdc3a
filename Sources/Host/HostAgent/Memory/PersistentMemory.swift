import Glibc
package import HostContract
package import Primitives

/// The part of RAM that `memmap=SIZE!START` sets aside: the kernel shows it as a persistent memory device, and keeps off it. A file system
/// that maps files straight into it (DAX) is what guests and images lie in.
///
/// Nothing in it is copied when the kernel changes, and a cold boot clears it: only a kernel that was told to take it over does so.
package struct PersistentMemory: GuestMemory {
    package static let place = "/run/bennu/memory"
    static let guests = place + "/guests"
    static let roots = place + "/roots"
    static let states = place + "/states"
    static let handover = place + "/handover"
    static let takenOver = place + "/taken-over"
    /// Holds the id of the kernel's run that the file system was made or taken over in.
    static let mark = "/run/bennu/memory.boot"
    /// Bytes that guests leave free for the change itself: two root images, the former kernel, and the guests' device states.
    package static let reserve: UInt64 = 256 << 20

    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    package func open() throws(HostFailure) -> GuestMemoryStatus? {
        guard let device else { return nil }
        let kernel = root.line("/proc/sys/kernel/random/boot_id") ?? "unknown"
        if !isMounted {
            // A soft reboot takes no mount below /run along, but the file system is this kernel's.
            if root.line(Self.mark) != kernel { try make(on: device) }
            try root.makeDirectory(Self.place, mode: 0o711)
            try Command("/usr/bin/mount", ["-t", "ext4", "-o", "dax=always,noatime", device, Self.place]).run(in: root)
        }
        for directory in [Self.guests, Self.roots, Self.states] { try root.makeDirectory(directory, mode: 0o711) }
        // Nobody goes on with a download of an order that has ended with its agent.
        for file in root.list(Self.roots) where file.hasSuffix(".partial") { try root.remove("\(Self.roots)/\(file)") }
        try root.write(Self.mark, Array((kernel + "\n").utf8))
        return status
    }

    /// No journal: nothing is read after a crash.
    private func make(on device: String) throws(HostFailure) {
        try Command("/usr/sbin/mkfs.ext4", ["-q", "-F", "-b", "4096", "-m", "0", "-T", "largefile", "-O", "^has_journal", device]).run(in: root)
    }

    package var status: GuestMemoryStatus? {
        var space = statvfs()
        guard isMounted, statvfs(root.path(Self.place), &space) == 0 else { return nil }
        let unit = UInt64(space.f_frsize)
        return GuestMemoryStatus(
            bytes: UInt64(space.f_blocks).multipliedReportingOverflow(by: unit).partialValue,
            free: UInt64(space.f_bavail).multipliedReportingOverflow(by: unit).partialValue)
    }

    private var isMounted: Bool {
        let lines = (try? root.read("/proc/self/mounts")).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return lines.split(separator: "\n").contains { $0.split(separator: " ").dropFirst().first == Substring(Self.place) }
    }

    package func file(of guest: UniversalUniqueIdentifier) -> String { "\(Self.guests)/\(guest).ram" }

    package func reserve(_ bytes: UInt64, for guest: UniversalUniqueIdentifier) throws(HostFailure) {
        try release(guest)
        let path = root.path(file(of: guest))
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw HostRoot.failure(.unwritable, "cannot make \(path)", errno) }
        defer { close(descriptor) }
        let code = posix_fallocate(descriptor, 0, off_t(clamping: bytes))
        guard code == 0 else {
            unlink(path)
            throw HostRoot.failure(.unwritable, "cannot set \(bytes >> 20) MiB aside for guest \(guest)", code)
        }
        giveToEmulator(file(of: guest))
    }

    /// What a system left for the next, once that has arrived, or will not come.
    func forgetHandover() {
        for directory in [Self.handover, Self.takenOver, FormerSystem.place] {
            try? Command("/usr/bin/rm", ["-rf", "--one-file-system", root.path(directory)]).run(in: root)
        }
    }

    /// Lets go of the memory of guests that are not here any more.
    package func collect(keeping guests: Set<UniversalUniqueIdentifier>) {
        for file in root.list(Self.guests) where file.hasSuffix(".ram") {
            guard let guest = UniversalUniqueIdentifier(String(file.dropLast(4))), !guests.contains(guest) else { continue }
            try? release(guest)
        }
    }

    func giveToEmulator(_ file: String) {
        if let (user, group) = emulatorAccount { chown(root.path(file), user, group) }
    }

    package func release(_ guest: UniversalUniqueIdentifier) throws(HostFailure) { try root.remove(file(of: guest)) }

    /// Whom QEMU runs as here.
    private var emulatorAccount: (uid_t, gid_t)? {
        let accounts = (try? root.read("/etc/passwd")).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        let fields = accounts.split(separator: "\n").first { $0.hasPrefix("libvirt-qemu:") }?.split(separator: ":", omittingEmptySubsequences: false)
        guard let fields, fields.count > 3, let user = uid_t(fields[2]), let group = gid_t(fields[3]) else { return nil }
        return (user, group)
    }
}

extension PersistentMemory {
    /// The block device of the region that our kernel argument names. Any other persistent memory belongs to somebody.
    private var device: String? {
        guard let start = argument?.start else { return nil }
        return root.list("/sys/block").first { name in
            name.hasPrefix("pmem") && root.line("/sys/block/\(name)/device/resource").flatMap(Self.number) == start
        }.map { "/dev/\($0)" }
    }

    /// True when the kernel was told to set memory aside, whether there is a device of it or not.
    package var isAsked: Bool { argument != nil }

    private var argument: (bytes: UInt64, start: UInt64)? {
        root.kernelArguments.compactMap { $0.hasPrefix("memmap=") ? Self.region($0.dropFirst(7)) : nil }.first
    }

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
