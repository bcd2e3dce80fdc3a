import HostAgent
import HostContract
import Primitives
import TPMWire
import Testing

@Suite("What watches a host, and what its TPM is told")
struct WatchdogTests {
    @Test(
        "the watchdog has the operator's time, else the image's; the word that lets it rest while guests stand is none of his",
        arguments: [
            ("quiet", 120), ("systemd.watchdog_sec=300", 300), ("systemd.watchdog_sec=off", 0), ("systemd.watchdog_sec=2min", 120),
            ("bennu.handover=o-1 quiet systemd.watchdog_sec=off", 120), ("bennu.handover=o-1 systemd.watchdog_sec=300 systemd.watchdog_sec=off", 300),
            ("bennu.handover=o-1 systemd.watchdog_sec=off systemd.watchdog_sec=off", 0),
        ])
    func time(arguments: String, seconds: Int) throws {
        let host = try TemporaryRoot()
        try host.put("/proc/cmdline", arguments + "\n")
        try host.program("/usr/bin/busctl")
        #expect(Watchdog(root: host.root).seconds == seconds)
        try Watchdog(root: host.root).arm()
        let prefix = "busctl set-property org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager"
        #expect(
            host.trace == (seconds == 0 ? [] : ["\(prefix) RuntimeWatchdogUSec t \(seconds)000000", "\(prefix) RebootWatchdogUSec t 600000000"]))
        try Watchdog(root: host.root).rest()
        #expect(host.trace.last == "\(prefix) RuntimeWatchdogUSec t 0")
    }

    @Test("the timeline names the watchdog that is armed, and no other")
    func event() throws {
        let host = try TemporaryRoot()
        #expect(Watchdog(root: host.root).event == nil)
        for (name, text) in ["identity": "i6300ESB timer", "timeout": "120", "state": "inactive"] {
            try host.put("/sys/class/watchdog/watchdog0/\(name)", text + "\n")
        }
        #expect(Watchdog(root: host.root).event == nil)
        try host.put("/sys/class/watchdog/watchdog0/state", "active\n")
        #expect(Watchdog(root: host.root).event == .init(name: "watchdog-armed", detail: "i6300ESB timer, 120 s"))
    }

    @Test("a watchdog that does not rest is told of by name")
    func refusal() throws {
        let host = try TemporaryRoot()
        try host.program("/usr/bin/busctl", "echo 'Access denied' >&2; exit 1")
        let failure = #expect(throws: HostFailure.self) { try Watchdog(root: host.root).rest() }
        #expect(failure?.kind == .commandFailed && failure?.description.contains("Access denied") == true)
    }

    @Test("every bank that the TPM keeps is extended: SHA-256's with the image's digest, the others with their own hash of it")
    func banks() throws {
        let image = try #require(Digest(bytes: [UInt8](repeating: 0, count: 32)))
        let names = ["device", "pcr-sha1", "pcr-sha256", "pcr-sha384", "pcr-sha512", "pcr-sm3-256"]
        let digests = SuccessorMeasurement.digests(of: image, banks: names)
        #expect(digests.map(\.algorithm) == [.sha1, .sha256, .sha384, .sha512])
        #expect(digests.map(\.digest.count) == [20, 32, 48, 64])
        // sha1sum of 32 zero bytes.
        #expect(digests.first?.digest == Hexadecimal.decode("de8a847bff8c343d69b853a215e6ee775ef2ef96".utf8))
        #expect(digests[1].digest == [UInt8](repeating: 0, count: 32))
        #expect(SuccessorMeasurement.digests(of: image, banks: ["device"]).isEmpty)
    }
}
