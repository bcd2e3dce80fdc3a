import HostContract
import Primitives

/// The running system as it is taken along over a change of the kernel: root, kernel and initrds in kept memory, from where the next system's
/// initrd can start it again. See `WayBack`.
struct FormerSystem {
    let root: HostRoot
    let order: UpgradeOrder
    let server: ServerAddress
    let boot: String

    static let place = PersistentMemory.place + "/former"

    /// Everything runs on while this goes on. Blocks.
    /// - Returns: bytes that came over the wire.
    func pack(_ image: AssignedImage, running: Digest, commandLine: String) throws(HostFailure) -> Int64 {
        Self.forget(in: root)
        guard let wanted = image.root, wanted.digest == running else {
            throw HostFailure(.foreign, "root \(running.short) runs here, and the way back was to be another")
        }
        guard let kernelSize = image.kernelSize, let initrds = image.initrds, !initrds.isEmpty else {
            throw HostFailure(.missing, "the order does not say which kernel and initrd the way back has")
        }
        try root.makeDirectory(Self.place, mode: 0o700)
        let copy = "\(PersistentMemory.roots)/\(running.hexadecimal).img"
        if !root.exists(copy), let source = RootShelf(root: root).source(of: running) {
            try Command("/usr/bin/cp", [root.path(source.path), root.path(copy + ".partial")]).run(in: root, seconds: 300)
        }
        // What could be copied is checked only.
        var received = try fetch(wanted, to: copy)
        received += try fetch(.init(digest: image.kernel, size: kernelSize), to: Self.place + "/kernel")
        var joined: [UInt8] = []
        for (number, initrd) in initrds.enumerated() {
            let part = "\(Self.place)/initrd.\(number)"
            received += try fetch(initrd, to: part)
            joined += try root.read(part, limit: 1 << 30) ?? []
            // Each part on a boundary of four bytes: else the kernel drops it silently.
            while joined.count % 4 != 0 { joined.append(0) }
            try root.remove(part)
        }
        try root.write(Self.place + "/initrd", joined, mode: 0o600)
        try root.write(Self.place + "/command-line", Array((commandLine + "\n").utf8))
        try root.write(Self.goingOn, Array("0\n".utf8))
        try root.write(Self.place + "/root", Array((running.hexadecimal + "\n").utf8))
        // Written last: without it there is no way back.
        try root.write(Self.place + "/deadline", Array("\(order.deadline)\n".utf8))
        return received
    }

    /// Holds `0` until guests go on: a kernel that panics after that must not have them go on a second time.
    static let goingOn = place + "/going-on"

    /// MiB that the next kernel sets aside for the former one, which is to take over when it panics; `nil` where there is too little memory.
    /// That one runs in it for a moment only, to start itself again in all of the memory, as the firmware has told it: it knows no more than this.
    func packMemoryMap() throws(HostFailure) -> UInt64? {
        guard let status = PersistentMemory(root: root).status, let available = InventoryReader(root: root).memoryAvailable,
            root.isDirectory(Self.memoryMap)
        else { return nil }
        // Every page of the region has 64 bytes of notes in any kernel that uses it.
        let files = ["kernel", "initrd"].reduce(UInt64(0)) { $0 + UInt64(clamping: root.size("\(Self.place)/\($1)")) }
        let needed = (Self.crashMemory + 6 * files + status.bytes / 64) >> 20 + 1
        guard available >> 20 >= needed + Self.crashReserve >> 20 else { return nil }
        try Command("/usr/bin/cp", ["-r", root.path(Self.memoryMap), root.path(Self.place) + "/"]).run(in: root)
        return needed
    }

    private static let memoryMap = "/sys/firmware/memmap"
    /// Bytes in which a kernel runs; beside them lie its files: unpacked, read, and loaded again.
    private static let crashMemory: UInt64 = 160 << 20
    /// Bytes of ordinary memory that the next system has beside that.
    private static let crashReserve: UInt64 = 512 << 20

    static func forget(in root: HostRoot) {
        try? Command("/usr/bin/rm", ["-rf", "--one-file-system", root.path(place)]).run(in: root)
    }

    private func fetch(_ blob: AssignedImage.Root, to path: String) throws(HostFailure) -> Int64 {
        try BlobDownload(root: root, server: server, digest: blob.digest, size: blob.size, boot: boot).run(to: path)
    }
}
