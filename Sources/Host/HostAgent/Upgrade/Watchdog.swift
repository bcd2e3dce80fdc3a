package import HostContract

/// The hardware's watchdog, which PID 1 holds (systemd-system.conf(5), RuntimeWatchdogSec=): it resets a host whose kernel or PID 1 hangs. While guests
/// stand over a change of the kernel nobody is to reset the host: neither the watchdog that the old system had armed, nor one of the new system's
/// that would end a way back. So it rests from before they stop until they go on, and the kernel between is told to leave it alone.
package struct Watchdog {
    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// Of a kernel that is started under standing guests; its agent arms the watchdog. Nor does a PID 1 that crashes restart the host: the initrd's
    /// guard, which goes back, needs none.
    static let restingArguments = ["systemd.crash_action=freeze", resting]
    private static let resting = word + "off"
    private static let word = "systemd.watchdog_sec="
    /// Seconds; the image's own setting (RuntimeWatchdogSec=).
    private static let usual = 120
    /// Seconds that a reboot may take (RebootWatchdogSec=); systemd's own default.
    private static let reboot = 600

    /// Seconds until a reset; 0 where the operator has switched it off (`systemd.watchdog_sec=` among the kernel arguments).
    package var seconds: Int {
        var words = root.kernelArguments.filter { $0.hasPrefix(Self.word) }
        if root.kernelArguments.contains(where: { $0.hasPrefix("bennu.handover=") }), words.last == Substring(Self.resting) {
            words.removeLast()
        }
        guard let value = words.last?.dropFirst(Self.word.count) else { return Self.usual }
        return value == "off" ? 0 : Int(value).map { min(max($0, 0), 86_400) } ?? Self.usual
    }

    /// For the timeline: what resets the host, and when; `nil` where nothing does.
    package var event: ProgressReport.Event? {
        let device = "/sys/class/watchdog/watchdog0/"
        guard root.line(device + "state") == "active", let name = root.line(device + "identity"), let time = root.line(device + "timeout") else {
            return nil
        }
        return .init(name: "watchdog-armed", detail: "\(name), \(time) s")
    }

    /// PID 1 takes the device when it comes, too.
    package func arm() throws(HostFailure) {
        guard seconds > 0 else { return }
        try set("RuntimeWatchdogUSec", seconds)
        try set("RebootWatchdogUSec", Self.reboot)
    }

    /// - Throws: when the watchdog may still be armed.
    package func rest() throws(HostFailure) { try set("RuntimeWatchdogUSec", 0) }

    private func set(_ property: String, _ seconds: Int) throws(HostFailure) {
        // A root without systemd's tools has no PID 1 that holds one.
        guard root.exists("/usr/bin/busctl") else { return }
        try Command(
            "/usr/bin/busctl",
            [
                "set-property", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", property, "t",
                "\(seconds * 1_000_000)",
            ]
        ).run(in: root, seconds: 20)
    }
}

extension Agent {
    /// Guests go on, or none stood: from here on a hang is to end in a reset.
    func armWatchdog() -> [ProgressReport.Event] {
        do throws(HostFailure) { try Watchdog(root: root).arm() } catch {
            log(.warning, "cannot arm the watchdog", ["reason": error.description])
            return [.init(name: "watchdog-refused", detail: error.description)]
        }
        return []
    }
}
