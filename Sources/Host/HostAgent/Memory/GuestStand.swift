import Glibc
import Primitives

/// Stops a guest with its memory where it is, and lets it go on: under this kernel, or under the next.
///
/// libvirt saves and restores; QEMU is told past it to leave shared memory out of the file (`x-ignore-shared`, which libvirt does not know).
/// A restoring QEMU has to know before libvirt hands it the file, and libvirt has no step in between: it finds the command in a file that a
/// second monitor reads as soon as there is a main loop, dozens of libvirt's own questions earlier.
struct GuestStand {
    let root: HostRoot
    let libvirt: LibvirtConnection

    private static func capability(_ isOn: Bool) -> String {
        #"{"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"x-ignore-shared","state":\#(isOn)}]}}"#
    }

    /// How a guest will stand.
    func look(at name: String, uuid: UniversalUniqueIdentifier) throws(HostFailure) -> StandingGuests.Guest {
        let isInPlace = try libvirt.traits(of: name).isKept
        let guest = StandingGuests.Guest(name: name, uuid: uuid, since: WallClock.milliseconds, isInPlace: isInPlace)
        try root.remove(guest.state)
        return guest
    }

    /// How its QEMU can be started without libvirt.
    func launch(of guest: StandingGuests.Guest) throws(NeedsLibvirt) -> EmulatorLaunch {
        guard guest.isInPlace else { throw NeedsLibvirt(reason: "its memory is in a file") }
        let status = (try? root.read("/run/libvirt/qemu/\(guest.name).xml")).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
        guard let process = root.line("/run/libvirt/qemu/\(guest.name).pid").flatMap({ Int32($0) }),
            let emulator = EmulatorProcess(process, in: root), let status, let live = try? libvirt.liveXML(guest.name),
            let definition = try? libvirt.migratableXML(guest.name)
        else { throw NeedsLibvirt(reason: "its process cannot be looked at") }
        let offset = SavedStateHeader(definition: definition, wasRunning: true).length
        var launch = try EmulatorLaunch(
            emulator, live: live, status: status, definition: definition, stateOffset: offset, secondMonitor: guest.monitor)
        let files = try? libvirt.traits(of: guest.name).files
        guard let files else { throw NeedsLibvirt(reason: "its disks cannot be looked at") }
        launch.mounts = try DiskPlaces(root: root).mounts(below: files)
        return launch
    }

    /// Puts everything back when it fails.
    /// - Returns: the guest with its moment; `nil` for one that has ended by itself.
    func stop(_ guest: StandingGuests.Guest) throws(HostFailure) -> StandingGuests.Guest? {
        guard try libvirt.domain(guest.name)?.isActive == true else { return nil }
        var guest = guest
        guest.since = WallClock.milliseconds
        if guest.launch != nil {
            // As it is now: somebody may have changed a disk since.
            do throws(NeedsLibvirt) { guest.launch = try launch(of: guest) } catch { (guest.launch, guest.needsLibvirt) = (nil, error.reason) }
        }
        if guest.isInPlace { try libvirt.command(guest.name, Self.capability(true)) }
        if let launch = guest.launch {
            let file = StateFile(root: root, guest: guest, launch: launch)
            do throws(HostFailure) { try file.write { command throws(HostFailure) in try libvirt.command(guest.name, command) } } catch {
                // It ran a moment ago, and does again.
                try? settle(guest)
                throw error
            }
            guest.stateBytes = root.size(guest.state)
            return guest
        }
        do throws(HostFailure) { try libvirt.saveGuest(guest.name, to: guest.state) } catch {
            if guest.isInPlace { _ = try? libvirt.command(guest.name, Self.capability(false)) }
            throw error
        }
        guest.stateBytes = root.size(guest.state)
        return guest
    }

    /// Resumes a guest however far the way out came, and tries for five minutes: libvirtd, a bridge or a server of disks may be late. A QEMU
    /// that does not take the state will not later either.
    func resumePatiently(_ guest: StandingGuests.Guest) throws(HostFailure) -> Int {
        let start = KernelClock.now
        if let goneOn = guest.goneOn { return try adopt(guest, goneOn) }
        while true {
            do throws(HostFailure) {
                if try libvirt.domain(guest.name)?.isActive == true {
                    try settle(guest)
                    return Int(clamping: max(0, WallClock.milliseconds - guest.since))
                }
                guard root.exists(guest.state) else { throw HostFailure(.missing, "guest \(guest.name) ended before it could be saved") }
                return try resume(guest)
            } catch {
                let patience: Double = error.reason.contains("load of migration failed") ? 15 : 300
                if error.kind == .missing || KernelClock.now - start > patience { throw error }
                sleep(1)
            }
        }
    }

    /// Waits until libvirt has taken over a guest that went on without it.
    /// - Throws: `.missing` when libvirt says for a minute that it does not run; another when libvirt does not answer.
    private func adopt(_ guest: StandingGuests.Guest, _ goneOn: StandingGuests.GoneOn) throws(HostFailure) -> Int {
        let start = KernelClock.now
        var deniedSince: Double?
        var failure = HostFailure(.libvirt, "libvirt does not answer")
        while KernelClock.now - start < 300 {
            do throws(HostFailure) {
                if let domain = try libvirt.domain(guest.name), domain.isActive {
                    if domain.state == "paused" { try settle(guest) }
                    return goneOn.pause
                }
                let since = deniedSince ?? KernelClock.now
                deniedSince = since
                failure = HostFailure(.missing, "libvirt does not know of guest \(guest.name), which had gone on after \(goneOn.pause) ms")
                if KernelClock.now - since > 60 { throw failure }
            } catch {
                if error.kind == .missing { throw error }
                (deniedSince, failure) = (nil, error)
            }
            usleep(100_000)
        }
        throw failure
    }

    /// - Returns: milliseconds that it stood.
    func resume(_ guest: StandingGuests.Guest) throws(HostFailure) -> Int {
        if guest.isInPlace {
            try write(guest.commands, #"{"execute":"qmp_capabilities"}"# + "\n" + Self.capability(true) + "\n")
            try write(guest.answers, "")
        }
        try libvirt.restoreGuest(from: guest.state) { xml in guest.isInPlace ? Self.listening(xml, guest) : nil }
        let pause = WallClock.milliseconds - guest.since
        // It has moved: from here on its state is another's.
        try root.remove(guest.state)
        try settle(guest)
        return Int(clamping: max(0, pause))
    }

    /// For one that runs again. Does nothing that it did before.
    func settle(_ guest: StandingGuests.Guest) throws(HostFailure) {
        // Left on, it would make the operator's next `virsh save` a file without memory.
        if guest.isInPlace { try libvirt.command(guest.name, Self.capability(false)) }
        // Nothing, where it does run.
        if guest.launch?.wasRunning == true { try libvirt.command(guest.name, #"{"execute":"cont"}"#) }
        for file in [guest.state, guest.commands, guest.answers] { try root.remove(file) }
    }

    /// The definition in the file, with the second monitor; one that was resumed before has it.
    private static func listening(_ xml: String, _ guest: StandingGuests.Guest) -> String? {
        guard !xml.contains("bennu-resume") else { return xml }
        return QEMUArguments([
            "-chardev", "file,id=bennu-resume,path=\(guest.answers),input-path=\(guest.commands)", "-mon", "chardev=bennu-resume,mode=control",
        ]).injected(into: xml)
    }

    private func write(_ path: String, _ text: String) throws(HostFailure) {
        try root.write(path, Array(text.utf8), mode: 0o600)
        PersistentMemory(root: root).giveToEmulator(path)
    }
}
