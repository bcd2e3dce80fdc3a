import Glibc
import HostContract
import Primitives

/// The acts of a soft upgrade, in their order, up to the point of no return. Every one that fails leaves the host as it was.
struct SoftUpgrade {
    let root: HostRoot
    let order: UpgradeOrder
    let handover: BootHandover
    let machineID: String
    /// A step is done; with a detail for the timeline.
    let note: @Sendable (UpgradeStep, String) -> Void

    /// Bytes that must stay free beside the new root.
    static let reserve: UInt64 = 96 << 20

    private var former: Digest? { RootIdentity.running(in: root) }
    private func next(_ image: Digest) -> NextRoot { NextRoot(root: root, image: image, place: NextRoot.place) }

    /// Everything runs on while this goes on. Blocks.
    func prepare() throws(HostFailure) {
        guard let wanted = order.image.root else { throw HostFailure(.missing, "the image has no root of its own") }
        guard let former else { throw HostFailure(.missing, "nobody wrote down which root runs here") }
        guard RootShelf(root: root).source(of: former) != nil else {
            throw HostFailure(.missing, "the running root's image is not in memory: there is no way back")
        }
        let release = root.line("/proc/sys/kernel/osrelease") ?? "unknown"
        guard release == order.image.kernelRelease else {
            throw HostFailure(.foreign, "kernel \(release) runs, and the image is for \(order.image.kernelRelease)")
        }
        try fetch(wanted)
        do throws(HostFailure) {
            try compose(wanted.digest, kernelRelease: release)
            try composeFallback(former)
            let guests = try GuestMarks(root: root).set()
            note(.guestsMarked, guests.isEmpty ? "none runs" : guests.sorted().joined(separator: ", "))
            try Guardian.start(in: root, order: order.id, deadline: order.deadline)
            note(.guardianStarted, "goes back to \(former.short) unless operational within \(order.deadline) s")
            try UpgradeMemory.begin(order.id, boot: handover.boot, former: former, target: wanted.digest, in: root)
        } catch {
            undo()
            throw error
        }
    }

    private func fetch(_ wanted: AssignedImage.Root) throws(HostFailure) {
        let path = RootShelf.path(of: wanted.digest)
        if RootShelf(root: root).source(of: wanted.digest)?.isDevice == true {
            note(.rootFetched, "it is in memory already, and in use")
            return
        }
        try admitMemory(for: root.exists(path) ? 0 : wanted.size)
        guard let server = order.blobServer(in: root) else { throw HostFailure(.missing, "nobody said where blobs are fetched") }
        let began = KernelClock.now
        let download = BlobDownload(root: root, server: server, digest: wanted.digest, size: wanted.size, boot: handover.boot)
        let received = try download.run(to: path)
        let seconds = Int(KernelClock.now - began)
        note(
            .rootFetched, received == 0 ? "it was in memory already" : "\(received) bytes in \(seconds) s, verified as \(wanted.digest.short)")
    }

    private func admitMemory(for size: Int64) throws(HostFailure) {
        guard let available = InventoryReader(root: root).memoryAvailable else { return }
        let needed = UInt64(clamping: size) + Self.reserve
        guard available >= needed else {
            throw HostFailure(.missing, "memory for two images is missing: \(needed >> 20) MiB are needed, \(available >> 20) MiB available")
        }
    }

    private func compose(_ digest: Digest, kernelRelease: String) throws(HostFailure) {
        let next = next(digest)
        try next.compose(as: RootIdentity(root: digest, order: order.id, isFallback: false), machineID: machineID)
        try next.inspect(kernelRelease: kernelRelease)
        note(.rootPrepared, "\(digest.short) at \(NextRoot.place), with the modules of \(kernelRelease)")
    }

    private func composeFallback(_ digest: Digest) throws(HostFailure) {
        let fallback = NextRoot(root: root, image: digest, place: NextRoot.fallbackPlace)
        try fallback.compose(as: RootIdentity(root: digest, order: order.id, isFallback: true), machineID: machineID)
    }

    /// Before the point of no return: the host is as it was, but for the image that was fetched, which the shelf lets go of.
    func undo() {
        Guardian.stop(in: root)
        for place in [NextRoot.place, NextRoot.fallbackPlace] { NextRoot(root: root, image: order.image.image, place: place).dismantle() }
        UpgradeMemory.giveUp(in: root)
    }

    /// Leaves the new boot's credential where the next agent finds it, and goes. Returns when systemd has taken the order.
    func leave(under grant: ClaimGrant, nonce: String) throws(HostFailure) {
        try handover.succeed(boot: grant.boot, nonce: nonce, in: root)
        try BootHandover.keep(grant, in: root)
        try Command("/usr/bin/systemctl", ["--no-block", "soft-reboot"]).run(in: root)
    }

    static func nonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return Hexadecimal.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
