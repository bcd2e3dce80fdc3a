import Glibc

/// Ends guests in order before the host is reset.
struct ColdRestart {
    let root: HostRoot
    let libvirt: LibvirtConnection
    /// Seconds that guests have to shut down.
    var patience = 30.0

    /// Those that do not listen are ended with the host.
    func shutDownGuests() {
        let start = KernelClock.now
        for guest in running { try? libvirt.shutdownGuest(guest) }
        while !running.isEmpty, KernelClock.now - start < patience { sleep(1) }
    }

    private var running: [String] { ((try? libvirt.domains()) ?? []).filter(\.isActive).map(\.name) }
}
