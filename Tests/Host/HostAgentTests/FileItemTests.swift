import Glibc
import HostAgent
import HostContract
import Primitives
import Testing

@Suite struct FileItemTests {
    @Test("everything that lives in files is brought in force, and a second pass performs nothing")
    func convergesAndIsIdempotent() throws {
        let host = try TemporaryRoot()
        try host.put("/proc/sys/kernel/hostname", "localhost\n")
        try host.put("/proc/sys/net/ipv4/ip_forward", "0\n")
        try host.put("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
        try host.program("/usr/bin/systemctl")
        let settings = HostSettings(
            hostName: "kvm-1", timeServers: ["10.0.0.1", "ntp.example"], authorizedKeys: [AuthorizedKey("ssh-ed25519 AAAAC3 ops@example")],
            files: [File(path: "/etc/motd", content: "hello\n", mode: 0o640)],
            sysctls: [Sysctl(name: "net.ipv4.ip_forward", value: "1"), Sysctl(name: "net.ipv4.ip_local_port_range", value: "32768 60999")])
        var converger = try host.converger()

        let first = converger.pass(over: settings, mayStartGuests: true, uptime: 1)
        #expect(first.isInForce, "\(first.items)")
        #expect(try host.text("/etc/hostname") == "kvm-1\n")
        #expect(try host.text("/proc/sys/kernel/hostname") == "kvm-1\n")
        #expect(try host.text("/proc/sys/net/ipv4/ip_forward") == "1\n")
        #expect(try host.text("/etc/motd") == "hello\n")
        #expect(host.root.mode("/etc/motd") == 0o640)
        #expect(try host.text("/root/.ssh/authorized_keys") == "ssh-ed25519 AAAAC3 ops@example\n")
        #expect(host.root.mode("/root/.ssh") == 0o700)
        #expect(try host.text("/run/systemd/timesyncd.conf.d/50-bennu.conf") == "[Time]\nNTP=\nNTP=10.0.0.1 ntp.example\n")
        #expect(host.trace == ["systemctl --no-block try-restart systemd-timesyncd.service"])
        #expect(first.status("file", "/etc/motd")?.state == .changed)
        #expect(first.status("sysctl", "net.ipv4.ip_local_port_range")?.state == .inForce)

        let second = converger.pass(over: settings, mayStartGuests: true, uptime: 2)
        #expect(second.actions.isEmpty)
        #expect(second.items.allSatisfy { $0.state == .inForce })
        #expect(second.nextLook == nil)
    }

    @Test("what left the configuration leaves the host, also after the agent itself was restarted, and what was there before comes back")
    func removes() throws {
        let host = try TemporaryRoot()
        try host.put("/proc/sys/vm/swappiness", "60\n")
        try host.put("/etc/issue", "Debian\n", mode: 0o600)
        try host.program("/usr/bin/systemctl")
        let settings = HostSettings(
            timeServers: ["10.0.0.1"], authorizedKeys: [AuthorizedKey("ssh-ed25519 AAAA a"), AuthorizedKey("ssh-ed25519 BBBB b")],
            files: [File(path: "/etc/issue", content: "ours\n"), File(path: "/etc/new/file", content: "x")],
            sysctls: [Sysctl(name: "vm.swappiness", value: "10")])
        var before = try host.converger()
        #expect(before.pass(over: settings, mayStartGuests: true, uptime: 1).isInForce)

        var after = try host.converger()
        let pass = after.pass(over: HostSettings(authorizedKeys: [AuthorizedKey("ssh-ed25519 BBBB b")]), mayStartGuests: true, uptime: 2)
        #expect(pass.isInForce, "\(pass.items)")
        #expect(try host.text("/etc/issue") == "Debian\n")
        #expect(host.root.mode("/etc/issue") == 0o600)
        #expect(!host.root.exists("/etc/new/file"))
        #expect(try host.text("/proc/sys/vm/swappiness") == "60\n")
        #expect(try host.text("/root/.ssh/authorized_keys") == "ssh-ed25519 BBBB b\n")
        #expect(!host.root.exists("/run/systemd/timesyncd.conf.d/50-bennu.conf"))
        #expect(after.memory.items.map(\.key.kind) == ["authorized-key"])
        #expect(
            after.pass(over: HostSettings(authorizedKeys: [AuthorizedKey("ssh-ed25519 BBBB b")]), mayStartGuests: true, uptime: 3).actions
                .isEmpty)
    }

    @Test("a file that drifted is put right; one that the agent found as it should be is left alone for ever")
    func repairsDrift() throws {
        let host = try TemporaryRoot()
        try host.put("/etc/same", "same")
        let settings = HostSettings(files: [File(path: "/etc/same", content: "same"), File(path: "/etc/motd", content: "m")])
        var converger = try host.converger()
        _ = converger.pass(over: settings, mayStartGuests: true, uptime: 1)
        try host.put("/etc/motd", "defaced", mode: 0o600)
        let pass = converger.pass(over: settings, mayStartGuests: true, uptime: 2)
        #expect(pass.status("file", "/etc/motd")?.state == .changed)
        #expect(try host.text("/etc/motd") == "m")
        #expect(host.root.mode("/etc/motd") == 0o644)
        _ = converger.pass(over: HostSettings(), mayStartGuests: true, uptime: 3)
        #expect(try host.text("/etc/same") == "same")
        #expect(!host.root.exists("/etc/motd"))
    }

    @Test("one item's failure stops no other, says why, and is tried again later, less and less often")
    func failuresAreAlone() throws {
        let host = try TemporaryRoot()
        let settings = HostSettings(
            files: [File(path: "/etc/motd", content: "m")], sysctls: [Sysctl(name: "net.no_such", value: "1")])
        var converger = try host.converger()
        let first = converger.pass(over: settings, mayStartGuests: true, uptime: 100)
        let status = try #require(first.status("sysctl", "net.no_such"))
        #expect(status.state == .failed)
        #expect(status.detail.hasPrefix("missing: "))
        #expect(first.status("file", "/etc/motd")?.state == .changed)
        #expect(!first.isInForce)
        #expect(first.nextLook == 102)
        try host.put("/proc/sys/net/no_such", "0")
        // Not yet due: the old status, and nothing is done.
        #expect(converger.pass(over: settings, mayStartGuests: true, uptime: 101).status("sysctl", "net.no_such") == status)
        #expect(converger.pass(over: settings, mayStartGuests: true, uptime: 102).status("sysctl", "net.no_such")?.state == .changed)
    }

    @Test(
        "an item that cannot be meant is refused by name and changes nothing",
        arguments: [
            HostSettings(hostName: "two words"), HostSettings(hostName: "-x"), HostSettings(hostName: String(repeating: "a", count: 65)),
            HostSettings(hostName: "a..b"), HostSettings(files: [File(path: "relative", content: "")]),
            HostSettings(files: [File(path: "/etc/../x", content: "")]), HostSettings(files: [File(path: "/proc/x", content: "")]),
            HostSettings(files: [File(path: "/run/bennu/site.pub", content: "")]), HostSettings(files: [File(path: "/", content: "")]),
            HostSettings(sysctls: [Sysctl(name: "../../etc/passwd", value: "1")]), HostSettings(sysctls: [Sysctl(name: "", value: "1")]),
            HostSettings(authorizedKeys: [AuthorizedKey("ssh-ed25519 AAAA\nssh-ed25519 BBBB")]),
            HostSettings(authorizedKeys: [AuthorizedKey("x")]),
            HostSettings(timeServers: ["a\n[Manager]"]), HostSettings(bridges: [Bridge(name: "../br0", ports: [])]),
            HostSettings(bridges: [Bridge(name: "a-name-of-16-bytes", ports: [])]),
        ])
    func refusesInvalid(settings: HostSettings) throws {
        let host = try TemporaryRoot()
        var converger = try host.converger()
        let pass = converger.pass(over: settings, mayStartGuests: true, uptime: 1)
        #expect(pass.items.first?.state == .failed)
        #expect(pass.items.first?.detail.hasPrefix("invalid-item: ") == true, "\(pass.items)")
        #expect(pass.actions.isEmpty)
        #expect(host.root.list("/") == ["test.xml"])
    }

    @Test("a directory is not replaced by a file")
    func directoryIsForeign() throws {
        let host = try TemporaryRoot()
        try host.put("/etc/dir/x", "")
        var converger = try host.converger()
        let pass = converger.pass(over: HostSettings(files: [File(path: "/etc/dir", content: "")]), mayStartGuests: true, uptime: 1)
        #expect(pass.items.first?.detail == "foreign: /etc/dir is a directory")
    }

    @Test("memory of files does not cross into another root, as after a soft reboot; that of guests does")
    func memoryAcrossRoots() throws {
        let host = try TemporaryRoot()
        var memory = AgentMemory(root: "0:0")
        memory[ItemKey(kind: "file", name: "/etc/motd")] = MadeItem(paths: ["/etc/motd"])
        memory[ItemKey(kind: "guest", name: "g")] = MadeItem(fingerprint: "f")
        memory.placements["u"] = 7
        try memory.save(to: host.root)
        let loaded = AgentMemory.load(from: host.root)
        #expect(loaded.items.map(\.key.kind) == ["guest"])
        #expect(loaded.placements == ["u": 7])
        #expect(loaded.root == host.root.identity)
    }
}
