import Glibc
import HostContract
import Primitives

/// The acts of a change of the kernel under standing guests, in their order. Every one that fails before the guests stand leaves the host as it was;
/// one that fails later lets them go on.
struct WarmUpgrade {
    let root: HostRoot
    let order: UpgradeOrder
    let handover: BootHandover
    let libvirt: LibvirtConnection
    let machineID: String
    /// Of the timeline: a name and a detail.
    let note: @Sendable (String, String) -> Void

    private static let directory = "/run/bennu/next"
    private static let initrd = directory + "/initrd"
    private var kernel: String { "\(Self.directory)/\(order.image.kernel.hexadecimal)" }
    private var memory: PersistentMemory { PersistentMemory(root: root) }
    var stand: GuestStand { GuestStand(root: root, libvirt: libvirt) }
    private var luggage: KernelHandover { KernelHandover(root: root, order: order) }

    /// Everything runs on while this goes on. Blocks.
    func prepare() throws(HostFailure) {
        guard let image = order.image.root else { throw HostFailure(.missing, "the image has no root of its own") }
        guard let kernelSize = order.image.kernelSize, let initrds = order.image.initrds, !initrds.isEmpty else {
            throw HostFailure(.missing, "the order does not say which kernel and initrd to start")
        }
        let isOnDisk = memory.status == nil
        guard !isOnDisk || order.method == .save && !memory.isAsked else {
            throw HostFailure(.missing, "this host has set no memory aside for its guests")
        }
        guard let former = RootIdentity.running(in: root) else { throw HostFailure(.missing, "nobody wrote down which root runs here") }
        let (here, there) = (Self.memory(root.kernelArguments.map(String.init)), Self.memory(order.image.kernelArguments))
        guard here == there else {
            let (old, new) = (here.joined(separator: " "), there.joined(separator: " "))
            throw HostFailure(
                .foreign,
                "the new kernel would set aside \(new.isEmpty ? "no memory" : new), and \(old.isEmpty ? "the running one none" : "guests lie in \(old)")"
            )
        }
        try admitGuests()
        do throws(HostFailure) {
            try UpgradeMemory.begin(order.id, boot: handover.boot, former: former, target: image.digest, in: root)
            let disk = isOnDisk ? try openDisk(image, kernelSize: kernelSize, initrds) : nil
            try fetch(image, kernelSize: kernelSize, initrds: initrds)
            try luggage.prepare(image: image.digest, former: former, machineID: machineID)
            // What lies on a disk is not gone back to.
            let crashArguments = isOnDisk ? "" : try packFormer(former)
            try load(initrds, crashArguments, image, disk)
            note(UpgradeStep.kernelLoaded.rawValue, "\(order.image.kernelRelease), to be started without the firmware")
        } catch {
            undo()
            throw error
        }
    }

    /// All that run; those that cannot go this way are named.
    func guests() throws(HostFailure) -> [ObservedDomain] { try libvirt.domains().filter(\.isActive) }

    /// Again when nothing starts guests any more: one may have come meanwhile.
    func admitGuests() throws(HostFailure) {
        for guest in try guests() {
            let traits = try libvirt.traits(of: guest.name)
            if let fixture = traits.fixture { throw HostFailure(.notEffective, "guest \(guest.name) \(fixture)") }
            for disk in traits.files where !DiskPlaces(root: root).outlivesKernel(disk) {
                throw HostFailure(.notEffective, "disk \(disk) of guest \(guest.name) lies in memory that the kernel change clears")
            }
            guard order.method == .save || traits.isKept else {
                throw HostFailure(.notEffective, "the memory of guest \(guest.name) would go with the kernel; it is kept from its next start on")
            }
        }
    }

    /// How a guest will stand, and whether it can go on before libvirt is there.
    func look(at domain: ObservedDomain) throws(HostFailure) -> StandingGuests.Guest {
        var guest = try stand.look(at: domain.name, uuid: domain.uuid)
        guard order.method == .warm else { return guest }
        do throws(NeedsLibvirt) {
            guest.launch = try stand.launch(of: guest)
        } catch { guest.needsLibvirt = error.reason }
        return guest
    }

    /// Room for guests, for the root and for what it makes the initrds, and for what else comes along.
    private func openDisk(_ image: AssignedImage.Root, kernelSize: Int64, _ initrds: [AssignedImage.Root]) throws(HostFailure) -> LuggageNote {
        let files = initrds.reduce(kernelSize &+ 2 &* image.size) { $0 &+ $1.size }
        var needed = UInt64(clamping: files) &+ LocalFileSystem.reserve
        for guest in try guests() { needed &+= try libvirt.traits(of: guest.name).memory ?? 0 }
        let (disk, path) = try LuggageDisk(root: root).open(order.id, needing: needed)
        note("disk-chosen", "no memory is set aside: guests are saved in \(path)/\(disk.directory), which goes when they run again")
        return disk
    }

    private static func memory(_ words: [String]) -> [String] { words.filter { $0.hasPrefix("memmap=") } }

    private func fetch(_ image: AssignedImage.Root, kernelSize: Int64, initrds: [AssignedImage.Root]) throws(HostFailure) {
        guard let server = order.blobServer(in: root) else { throw HostFailure(.missing, "nobody said where blobs are fetched") }
        let began = KernelClock.now
        var received: Int64 = 0
        func get(_ digest: Digest, _ size: Int64, to path: String) throws(HostFailure) {
            received += try BlobDownload(root: root, server: server, digest: digest, size: size, boot: handover.boot).run(to: path)
        }
        try get(image.digest, image.size, to: "\(PersistentMemory.roots)/\(image.digest.hexadecimal).img")
        try get(order.image.kernel, kernelSize, to: kernel)
        for initrd in initrds { try get(initrd.digest, initrd.size, to: "\(Self.directory)/\(initrd.digest.hexadecimal)") }
        note(UpgradeStep.systemFetched.rawValue, "\(received) bytes in \(Int(KernelClock.now - began)) s, verified; root \(image.digest.short)")
    }

    /// - Returns: what the next kernel has to be told, so that the running one can take over when it panics.
    private func packFormer(_ running: Digest) throws(HostFailure) -> String {
        guard let image = order.former else {
            FormerSystem.forget(in: root)
            return ""
        }
        guard let server = order.blobServer(in: root) else { throw HostFailure(.missing, "nobody said where blobs are fetched") }
        guard Self.memory(image.kernelArguments) == Self.memory(root.kernelArguments.map(String.init)) else {
            throw HostFailure(.foreign, "the way back would set aside other memory than guests lie in")
        }
        let former = FormerSystem(root: root, order: order, server: server, boot: handover.boot)
        let received = try former.pack(image, running: running, commandLine: commandLine(of: image) + " bennu.returned")
        let crashMemory = try former.packMemoryMap()
        let panic = crashMemory.map { "or its kernel panics, for which \($0) MiB are set aside meanwhile" } ?? "but not when its kernel panics"
        note(
            "way-back-packed",
            "\(running.short), \(received) bytes fetched; it is gone back to unless guests go on within \(order.deadline) s, \(panic)")
        return crashMemory.map { " crashkernel=\($0)M oops=panic" } ?? ""
    }

    /// One file, each part on a boundary of four bytes: else the kernel drops it silently.
    /// - Parameter disk: where the rest is, when that is a disk: the root comes with the initrds then, as it knows how to find a disk.
    private func load(
        _ initrds: [AssignedImage.Root], _ more: String, _ image: AssignedImage.Root, _ disk: LuggageNote?
    ) throws(HostFailure) {
        var joined: [UInt8] = []
        for initrd in initrds {
            joined += try root.read("\(Self.directory)/\(initrd.digest.hexadecimal)", limit: 1 << 30) ?? []
            while joined.count % 4 != 0 { joined.append(0) }
        }
        let file = disk == nil ? Self.initrd : PersistentMemory.place + "/initrd"
        let system = "\(PersistentMemory.roots)/\(image.digest.hexadecimal).img"
        try root.write(file, joined, mode: 0o600)
        if let disk {
            let archive = InitrdArchive(root: root, file: file)
            try archive.append(LuggageNote.name, try disk.encoded())
            try archive.append("root.img", contentsOf: system)
            try archive.close()
        }
        try Command(
            "/usr/sbin/kexec",
            ["-s", "-l", root.path(kernel), "--initrd=\(root.path(file))", "--command-line=\(commandLine(of: order.image))\(more)"]
        ).run(in: root, seconds: 300)
        // The kernel has them: the room is guests'.
        if disk != nil { for path in [file, system] { try root.remove(path) } }
    }

    /// What the boot script said of our servers and the NIC, and the arguments that the image is to have.
    private func commandLine(of image: AssignedImage) -> String {
        let kept = root.kernelArguments.map(String.init).filter { word in
            ["bennu.server=", "bennu.blobs=", "BOOTIF="].contains { word.hasPrefix($0) }
        }
        let root = image.root.map { ["bennu.root=\($0.digest)"] } ?? []
        // Until its root's own setting is in force, a kernel that panics would stand for ever.
        let panic = image.kernelArguments.contains { $0.hasPrefix("panic=") } ? [] : ["panic=10"]
        return
            (kept + root + ["bennu.handover=\(order.id)"] + panic + image.kernelArguments
            + Watchdog.restingArguments).joined(separator: " ")
    }

    /// Before the guests stand: the host is as it was.
    func undo() {
        Self.abandon(in: root)
        try? LuggageDisk(root: root).discard()
        UpgradeMemory.giveUp(in: root)
    }

    /// No kernel is loaded, and no handover lies about that a later one could take: a reboot is a reboot again.
    static func abandon(in root: HostRoot) {
        if root.exists("/usr/sbin/kexec") { try? Command("/usr/sbin/kexec", ["-u"]).run(in: root) }
        PersistentMemory(root: root).forgetHandover()
        for name in root.list(directory) { try? root.remove("\(directory)/\(name)") }
    }

    /// Goes. Returns only by failing.
    func leave(_ guests: [StandingGuests.Guest], under grant: ClaimGrant, nonce: String) throws(HostFailure) {
        guard let image = order.image.root?.digest else { throw HostFailure(.missing, "the image has no root of its own") }
        try luggage.complete(StandingGuests(guests: guests), under: grant, nonce: nonce, handover: handover, image: image)
        try LuggageDisk(root: root).flush()
        // What is mapped is in place; the file system's own notes may still be in the page cache. Loop devices may keep it busy.
        sync()
        let regions = memory.mounted
        func remount(_ how: String) { for place in regions { try? Command("/usr/bin/mount", ["-o", "remount,\(how)", place]).run(in: root) } }
        remount("ro")
        do throws(HostFailure) { try Command("/usr/sbin/kexec", ["-e"]).run(in: root) } catch {
            remount("rw")
            throw error
        }
        throw HostFailure(.notEffective, "the kernel did not change")
    }
}

extension UpgradeOrder {
    /// The order's own, else that of the cold boot, which the command line still names.
    func blobServer(in root: HostRoot) -> ServerAddress? {
        if let blobs = image.blobs { return ServerAddress(blobs) }
        let named = root.kernelArguments.last { $0.hasPrefix("bennu.blobs=") }.map { String($0.dropFirst(12)) }
        return named.flatMap { ServerAddress($0) }
    }
}
