import Glibc
package import HostContract

/// What ending guests needs of libvirt.
package protocol GuestEnding: Sendable {
    func runningGuests() throws(HostFailure) -> [String]
    /// Asks; returns at once.
    func shutdownGuest(_ name: String) throws(HostFailure)
    func destroyGuest(_ name: String) throws(HostFailure)
}

extension LibvirtConnection: GuestEnding {
    package func runningGuests() throws(HostFailure) -> [String] { try domains().filter(\.isActive).map(\.name) }
}

/// Ends guests in order before the host is reset. Those of the lowest order are asked to shut down first, all of one order together; the next are asked
/// when these have ended. One that has not within its time is ended by force: it shall not run on while what it needs goes.
package struct ColdRestart: Sendable {
    private let machines: any GuestEnding
    /// Those of the configuration, by name; any other guest has the usual time, in order 0.
    private let guests: [String: Guest]
    /// Seconds, of a clock that only goes forward.
    private let now: @Sendable () -> Double
    private let wait: @Sendable (_ seconds: Double) -> Void

    init(_ libvirt: LibvirtConnection, guests: [Guest]) {
        self.init(libvirt, guests: guests, now: { KernelClock.now }, wait: { usleep(UInt32($0 * 1e6)) })
    }

    package init(
        _ machines: any GuestEnding, guests: [Guest], now: @escaping @Sendable () -> Double, wait: @escaping @Sendable (_ seconds: Double) -> Void
    ) {
        (self.machines, self.now, self.wait) = (machines, now, wait)
        self.guests = Dictionary(guests.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Returns when no guest runs any more that libvirt told of.
    /// - Parameter note: an event for the timeline.
    package func endGuests(note: (_ name: String, _ detail: String) -> Void) {
        let orders = Dictionary(grouping: (try? machines.runningGuests()) ?? []) { guests[$0]?.shutdownOrder ?? 0 }
        for (_, names) in orders.sorted(by: { $0.key < $1.key }) { end(names, note) }
    }

    private func end(_ names: [String], _ note: (String, String) -> Void) {
        for name in names { try? machines.shutdownGuest(name) }
        let start = now()
        var left = Set(names)
        while true {
            // While libvirt does not answer, nobody knows that one has ended.
            if let running = try? machines.runningGuests() { left.formIntersection(running) }
            let passed = now() - start
            for name in left.sorted() where passed >= Double(time(of: name)) {
                left.remove(name)
                note("guest-destroyed", destroy(name))
            }
            if left.isEmpty { return }
            wait(1)
        }
    }

    private func time(of name: String) -> Int { guests[name]?.shutdownTimeout ?? Guest.usualShutdownTimeout }

    /// - Returns: what is to be said about it.
    private func destroy(_ name: String) -> String {
        let late = "\(name) did not shut down within \(time(of: name)) s"
        do throws(HostFailure) { try machines.destroyGuest(name) } catch { return "\(late), and ends with the host: \(error)" }
        return late
    }
}
