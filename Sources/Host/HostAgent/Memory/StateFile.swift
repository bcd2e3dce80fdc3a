import Glibc

/// The file that a guest's state is in while it stands, written by a QEMU that is told past libvirt. All that libvirt has made for the guest stays as it
/// is; the file is one of libvirt's nevertheless, so that libvirt can have the guest go on, too.
struct StateFile {
    let root: HostRoot
    let guest: StandingGuests.Guest
    let launch: EmulatorLaunch

    /// Seconds in which QEMU has to have written it.
    private static let patience = 300.0

    /// - Parameter ask: gives QEMU a command (QMP), and returns its answer. It is to leave out shared memory.
    func write(_ ask: (String) throws(HostFailure) -> String) throws(HostFailure) {
        do throws(HostFailure) { try attempt(ask) } catch {
            // One that came to its end later would stop the guest again.
            _ = try? ask(#"{"execute":"migrate_cancel"}"#)
            throw error
        }
    }

    private func attempt(_ ask: (String) throws(HostFailure) -> String) throws(HostFailure) {
        try root.write(guest.state, [], mode: 0o600)
        PersistentMemory(root: root).giveToEmulator(guest.state)
        let target = "file:\(guest.state),offset=\(launch.stateOffset)"
        _ = try ask(#"{"execute":"migrate","arguments":{"uri":"\#(target)"}}"#)
        let start = KernelClock.now
        while true {
            let answer = try ask(#"{"execute":"query-migrate"}"#).filter { $0 != " " }
            if answer.contains(#""status":"completed""#) { break }
            guard !answer.contains(#""status":"failed""#), KernelClock.now - start < Self.patience else {
                throw HostFailure(.notEffective, "QEMU of guest \(guest.name) cannot write its state: \(answer.prefix(300))")
            }
            usleep(5000)
        }
        try root.overwrite(guest.state, SavedStateHeader(definition: launch.definition, wasRunning: launch.wasRunning).bytes)
    }
}
