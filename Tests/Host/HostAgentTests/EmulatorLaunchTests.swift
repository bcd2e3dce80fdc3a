import FoundationEssentials
import HostAgent
import HostContract
import Primitives
import Testing

/// Of a guest on a virtual host, libvirt 11.3 and QEMU 10.0, which went on once already.
private enum Fixture {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/libvirt")
    static func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: directory.appendingPathComponent(name)), as: UTF8.self)
    }

    static let group = #"/machine.slice/machine-qemu\x2d1\x2dticker.scope/libvirt/emulator"#
    static let tap = EmulatorLaunch.Tap(name: "vnet0", flags: 0x5002, hardwareAddress: "fe:54:00:32:0f:4d", bridge: "br0")

    static func process(_ change: ([String]) -> [String] = { $0 }) throws -> EmulatorProcess {
        let words = try text("command-line").split(separator: "\n").map(String.init)
        return EmulatorProcess(arguments: change(words), environment: ["LC_ALL=C"], controlGroup: group, taps: [27: tap])
    }

    static func launch(
        live change: (String) -> String = { $0 }, arguments: ([String]) -> [String] = { $0 }
    ) throws -> Result<EmulatorLaunch, NeedsLibvirt> {
        let (process, live, status) = (try process(arguments), change(try text("live.xml")), try text("status.xml"))
        return Result { () throws(NeedsLibvirt) in
            try EmulatorLaunch(
                process, live: live, status: status, definition: "<domain/>", stateOffset: 4096, secondMonitor: "/run/bennu/monitors/g")
        }
    }
}

@Suite("Starting a guest's QEMU without libvirt")
struct EmulatorLaunchTests {
    @Test("what libvirt gave a real QEMU open is made out, and the rest of its arguments stays")
    func read() throws {
        let launch = try Fixture.launch().get()
        #expect(
            launch.descriptors == [
                24: .socket(path: "/var/lib/libvirt/qemu/domain-1-ticker/monitor.sock"), 27: .tap(Fixture.tap),
                23: .log(path: "/var/log/libvirt/qemu/ticker-serial.log"), 64: .socket(path: "/run/bennu/monitors/g"),
            ])
        #expect(launch.machine == "qemu-1-ticker" && launch.monitor.hasSuffix("/monitor.sock"))
        let old = try Fixture.process().arguments
        let own = ["-chardev", "socket,id=bennu-monitor,fd=64,server=on,wait=off", "-mon", "chardev=bennu-monitor,mode=control"]
        #expect(launch.arguments == old.filter { $0 != "-S" && $0 != "-incoming" && $0 != "defer" } + own + ["-S", "-incoming", "defer"])
        // Once more, from a QEMU that was started this way.
        #expect(try Fixture.launch(arguments: { _ in launch.arguments }).get() == launch)
        #expect(launch.arguments.first == "/usr/bin/qemu-system-x86_64")
    }

    @Test("what a QEMU is bound to, it is bound to again")
    func bound() throws {
        let host = try TemporaryRoot()
        try host.put("/sys/devices/system/cpu/online", "0-7\n")
        try host.put("/proc/9/cmdline", "/usr/bin/qemu-system-x86_64\0-S\0")
        try host.put("/proc/9/cgroup", "0::\(Fixture.group)\n")
        for (list, expected) in [("0-3", "0-3"), ("0-7", nil), ("0,1,2-7", nil)] as [(String, String?)] {
            try host.put("/proc/9/status", "Name:\tqemu\nCpus_allowed_list:\t\(list)\n")
            #expect(EmulatorProcess(9, in: host.root)?.processors == expected)
        }
    }

    @Test(
        "what libvirt does for a guest beside QEMU's arguments is named",
        arguments: [
            ("<vcpu placement='static'>", "<cputune><shares>5</shares></cputune><vcpu placement='static'>", "has <cputune>"),
            ("<vcpu placement='static'>", "<vcpu placement='auto'>", "has processors that libvirt chooses"),
            ("<disk type='file'", "<disk type='network'", "has a disk of type network"),
            ("<disk type='file'", "<disk type='block'", "has a disk of type block"),
            ("<interface type='bridge'>", "<interface type='direct'>", "has an interface of type direct"),
            ("<target dev='vnet0'/>", "<target dev='vnet0'/><link state='down'/>", "has an interface that is down"),
            ("<target dev='vnet0'/>", "<target dev='vnet0'/><bandwidth/>", "has <bandwidth>"),
            ("<rng model", "<graphics type='vnc' passwd='x'/><rng model", "has a console with a password"),
            ("<memballoon model='virtio'>", "<memballoon model='virtio'><stats period='5'/>", "has statistics of its balloon"),
            ("<rng model", "<tpm model='tpm-crb'/><rng model", "has <tpm>"), ("<devices>", "<device>", "its definition cannot be read"),
        ])
    func refused(old: String, new: String, reason: String) throws {
        let text = try Fixture.text("live.xml")
        #expect(text.contains(old))
        #expect(throws: NeedsLibvirt(reason: reason)) { try Fixture.launch(live: { $0.replacing(old, with: new) }).get() }
    }

    @Test(
        "a descriptor that nobody knows is not passed on",
        arguments: [
            ["-object", #"{"qom-type":"memory-backend-file","id":"m","fd":"31"}"#], ["-add-fd", "set=3,fd=31,opaque=libvirt-1-storage"],
            ["-add-fd", "set=3,opaque=serial0-log"], ["-blockdev", #"{"driver":"file","filename":"/dev/fdset/3"}"#],
            ["-chardev", "socket,id=charchannel7,fd=31,server=on,wait=off"], ["-chardev", "socket,id=charserial0,fd=x,server=on"],
            ["-netdev", #"{"type":"tap","fds":"31:32","id":"hostnet1"}"#], ["-netdev", #"{"type":"tap","fd":"31","id":"hostnet1"}"#],
            ["-netdev", "tap,fd=31,id=hostnet1"], ["-netdev"], ["-chardev", "vc,id=a,logfile=/dev/fdset/9"],
            ["-netdev", #"{"type":"tap","fd":"27","id":"hostnet1","vhost":true,"vhostfd":"all"}"#],
        ])
    func unknownDescriptor(_ more: [String]) throws {
        #expect(throws: NeedsLibvirt.self) { try Fixture.launch(arguments: { $0 + more }).get() }
    }

    @Test("what was plugged in or out, or changed, since QEMU started is not in its arguments")
    func changedSince() throws {
        let plugged = NeedsLibvirt(reason: "devices were plugged in or out since it started")
        let changed = NeedsLibvirt(reason: "disks were changed since it started")
        let card = #"{"driver":"virtio-net-pci","id":"net7"}"#
        #expect(throws: plugged) { try Fixture.launch(arguments: { $0 + ["-device", card] }).get() }
        #expect(throws: plugged) { try Fixture.launch(arguments: { $0 + ["-device", "virtio-net-pci,id=net7"] }).get() }
        #expect(throws: plugged) { try Fixture.launch(arguments: { $0.filter { !$0.contains("\"id\":\"rng0\"") } }).get() }
        let disk = "file='/var/lib/libvirt/images/ticker.raw' index='1'/>"
        for other in ["file='/elsewhere' index='1'/>", "file='/snapshot' index='2'/><backingStore><source \(disk)</backingStore>", "index='1'/>"] {
            #expect(throws: changed) { try Fixture.launch(live: { $0.replacing(disk, with: other) }).get() }
        }
        #expect(throws: NeedsLibvirt.self) { try Fixture.launch(arguments: { $0 + ["-drive", "file=/a,if=none"] }).get() }
    }

    @Test("vhost and the socket of a guest's agent are known")
    func knownDescriptors() throws {
        let channel =
            "<channel type='unix'><source mode='bind' path='/run/libvirt/qemu/channel/1-ticker/a.0'/><target type='virtio'/><alias name='channel0'/></channel>"
        let launch = try Fixture.launch(
            live: { $0.replacing("<rng model", with: channel + "<rng model") },
            arguments: {
                $0.map { $0.replacing(#""fd":"27""#, with: #""fd":"27","vhost":true,"vhostfd":"29""#) } + [
                    "-chardev", "socket,id=charchannel0,fd=30,server=on,wait=off", "-chardev", "file,id=bennu-resume,path=/a,input-path=/b", "-mon",
                    "chardev=bennu-resume,mode=control",
                ]
            }
        ).get()
        #expect(launch.descriptors[29] == .vhostNet)
        #expect(launch.descriptors[30] == .socket(path: "/run/libvirt/qemu/channel/1-ticker/a.0"))
        #expect(!launch.arguments.contains { $0.contains("bennu-resume") })
    }

    @Test("a process shows its arguments, its machine and its taps")
    func process() throws {
        let host = try TemporaryRoot()
        try host.put("/proc/7/cmdline", "/usr/bin/qemu\0-name\0\0-S\0")
        try host.put("/proc/7/environ", "LC_ALL=C\0HOME=/\0")
        try host.put("/proc/7/cgroup", "0::\(Fixture.group)\n")
        try host.put("/proc/7/fdinfo/27", "pos:\t0\niff:\tvnet3\n")
        try host.root.makeDirectory("/proc/7/fd", mode: 0o755)
        try FileManager.default.createSymbolicLink(atPath: host.directory + "/proc/7/fd/27", withDestinationPath: "/dev/net/tun")
        try FileManager.default.createSymbolicLink(atPath: host.directory + "/proc/7/fd/1", withDestinationPath: "/dev/null")
        for (name, value) in [("tun_flags", "0x5802"), ("address", "fe:00:00:00:00:01"), ("mtu", "9000")] {
            try host.put("/sys/class/net/vnet3/\(name)", value + "\n")
        }
        try FileManager.default.createSymbolicLink(atPath: host.directory + "/sys/class/net/vnet3/master", withDestinationPath: "../br1")
        let process = try #require(EmulatorProcess(7, in: host.root))
        #expect(process.arguments == ["/usr/bin/qemu", "-name", "", "-S"] && process.environment == ["LC_ALL=C", "HOME=/"])
        #expect(process.taps == [27: .init(name: "vnet3", flags: 0x5002, hardwareAddress: "fe:00:00:00:00:01", mtu: 9000, bridge: "br1")])
        #expect(EmulatorProcess(8, in: host.root) == nil)
    }

    @Test("libvirt's notes are made true for another process")
    func status() throws {
        let old = try Fixture.text("status.xml").replacing("<vcpus>", with: "<namespaces>\n    <mount/>\n  </namespaces>\n  <vcpus>")
        let new = try #require(DomainStatus(old, process: 4711, threads: [0: 4712, 7: 9], terminals: ["/dev/pts/0": "/dev/pts/5"])).text
        #expect(new.contains("<domstatus state='running' reason='restored' pid='4711'>") || new.contains(" pid='4711'>"))
        #expect(new.contains("<vcpu id='0' pid='4712'/>") && !new.contains("namespaces"))
        #expect(!new.contains("/dev/pts/0'") && new.components("/dev/pts/5'") == old.components("/dev/pts/0'"))
        #expect(DomainStatus("<domain/>", process: 1, threads: [:], terminals: [:]) == nil)
        #expect(DomainStatus("<domstatus><a/></domstatus>", process: 1, threads: [:], terminals: [:]) == nil)
    }

    @Test("two terminals that change places do so")
    func terminals() throws {
        let status = try #require(
            DomainStatus(
                "<domstatus pid='1'><a tty='/dev/pts/0'/><b tty='/dev/pts/1'/></domstatus>", process: 2, threads: [:],
                terminals: ["/dev/pts/0": "/dev/pts/1", "/dev/pts/1": "/dev/pts/0"]))
        #expect(status.text == "<domstatus pid='2'><a tty='/dev/pts/1'/><b tty='/dev/pts/0'/></domstatus>")
    }

    @Test("a state file begins as libvirt's do")
    func header() {
        let header = SavedStateHeader(definition: String(repeating: "x", count: 4100), wasRunning: true)
        let bytes = header.bytes
        func number(_ offset: Int) -> UInt32 { bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        #expect(bytes.count == header.length && header.length == 8192)
        #expect(String(decoding: bytes.prefix(16), as: UTF8.self) == "LibvirtQemudSave")
        #expect((0..<5).map { number(16 + 4 * $0) } == [2, 8100, 1, 0, 0])
        #expect(bytes[92..<4192].allSatisfy { $0 == UInt8(ascii: "x") } && bytes[4192...].allSatisfy { $0 == 0 })
        #expect(SavedStateHeader(definition: "", wasRunning: false).length == 4096)
    }

    @Test("a guest whose QEMU does not start is libvirt's, and the way back is open again")
    func givesUp() throws {
        let host = try TemporaryRoot()
        var guest = StandingGuests.Guest(name: "ticker", uuid: GuestMemoryTests.guest.uuid, since: 1, isInPlace: true)
        guest.launch = try Fixture.launch().get()
        guest.launch?.descriptors = [:]
        try StandingGuests(guests: [guest]).save(to: host.root)
        try host.put(guest.state, "state")
        try host.put("\(WayBackTests.directory)/armed", "")
        FirstResume(root: host.root).run()
        let after = try #require(StandingGuests.load(from: host.root)?.guests.first)
        #expect(after.launch == nil && after.goneOn == nil && after.needsLibvirt?.contains("setpriv") == true)
        #expect(host.root.exists(guest.state), "libvirt needs it")
        #expect(host.root.exists("\(WayBackTests.directory)/armed"))
    }

    @Test("guests that cannot be told to stand once more are left as they are")
    func cannotStand() throws {
        let host = try TemporaryRoot()
        var guest = StandingGuests.Guest(name: "ticker", uuid: GuestMemoryTests.guest.uuid, since: 1, isInPlace: true)
        guest.launch = try Fixture.launch().get()
        guest.goneOn = .init(process: 4711, threads: [:], pause: 1)
        try host.put("/proc/4711/cmdline", "/usr/bin/qemu\0-uuid\0\(guest.uuid)\0")
        try StandingGuests(guests: [guest]).save(to: host.root)
        try host.put("/run/keep/disk", "of the guest")
        #expect(throws: HostFailure.self) { try SecondStand(root: host.root).run() }
        #expect(!host.root.exists(PersistentMemory.place + "/taken-over"))
    }

    @Test("no guest goes on in a system that is being left again")
    func leaving() throws {
        let host = try TemporaryRoot()
        var guest = StandingGuests.Guest(name: "ticker", uuid: GuestMemoryTests.guest.uuid, since: 1, isInPlace: true)
        guest.launch = try Fixture.launch().get()
        try StandingGuests(guests: [guest]).save(to: host.root)
        try host.put("\(WayBackTests.directory)/leaving", "")
        FirstResume(root: host.root).run()
        #expect(StandingGuests.load(from: host.root)?.guests.first?.needsLibvirt == nil)
    }
}

extension String {
    fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
