import FoundationEssentials
import HostAgent
import HostContract
import Primitives
import Testing

@Suite struct GuestItemTests {
    private static let uuid = UniversalUniqueIdentifier(high: 0x1122_3344_5566_7788, low: 0x99aa_bbcc_ddee_ff00)

    private static func guest(_ memory: Int = 64, host: String = "h-1", generation: UInt64 = 3, disks: [Guest.Disk] = []) -> Guest {
        Guest(
            name: "web", uuid: uuid, memoryMiB: memory, vcpus: 1, disks: disks, interfaces: [.init(network: "lan")],
            placement: .init(host: host, generation: generation))
    }

    private static let disk = Guest.Disk(source: "/pools/main/web.img", sizeMiB: 1, content: Data("boot".utf8).base64EncodedString())

    @Test("pool, network, disk and guest come about in libvirt, and a second pass performs nothing")
    func wholeLife() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        var converger = try host.converger(libvirt)
        let settings = HostSettings(
            networks: [GuestNetwork(name: "lan", bridge: "br0")], storagePools: [StoragePool(name: "main", path: "/pools/main")],
            guests: [Self.guest(disks: [Self.disk])])
        let first = converger.pass(over: settings, mayStartGuests: true, uptime: 1)
        #expect(first.isInForce, "\(first.items)")
        #expect(try libvirt.poolIsActive("main") == true)
        #expect(try libvirt.networkIsActive("lan") == true)
        #expect(try libvirt.domain("web") == ObservedDomain(name: "web", uuid: Self.uuid, state: "running", isActive: true))
        let image = try #require(try host.root.read("/pools/main/web.img"))
        #expect(image.count == 1 << 20)
        #expect(image.prefix(5) == [98, 111, 111, 116, 0])
        #expect(host.root.list("/pools/main") == ["web.img"])

        let second = converger.pass(over: settings, mayStartGuests: true, uptime: 2)
        #expect(second.actions.isEmpty)
        #expect(second.items.allSatisfy { $0.state == .inForce }, "\(second.items)")
        // A new agent over the same memory neither.
        var restarted = try host.converger(libvirt)
        #expect(restarted.pass(over: settings, mayStartGuests: true, uptime: 3).actions.isEmpty)

        // The last item gone, the next pass asks the guest to stop; the test driver's guests obey at once.
        let gone = restarted.pass(over: HostSettings(), mayStartGuests: true, uptime: 4)
        #expect(gone.status("guest", "web")?.detail == "shutting down")
        #expect(try libvirt.networkIsActive("lan") == true, "a guest on its way out keeps its network")
        #expect(restarted.pass(over: HostSettings(), mayStartGuests: true, uptime: 7).isInForce)
        #expect(try libvirt.domains().isEmpty)
        #expect(try libvirt.networkIsActive("lan") == nil)
        #expect(try libvirt.poolIsActive("main") == nil)
        #expect(host.root.exists("/pools/main/web.img"), "a guest's disks are never removed")
        #expect(restarted.memory.items.isEmpty)
        #expect(restarted.memory.placements == [Self.uuid.description: 3])
    }

    @Test("a guest is not started without a placement that the server confirmed lately; it starts when it is")
    func waitsForConfirmation() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        var converger = try host.converger(libvirt)
        let settings = HostSettings(networks: [GuestNetwork(name: "lan", bridge: "br0")], guests: [Self.guest()])
        let pass = converger.pass(over: settings, mayStartGuests: false, uptime: 1)
        #expect(pass.status("guest", "web")?.detail == "not started: the server has not confirmed its placement")
        #expect(try libvirt.domain("web")?.isActive == false)
        #expect(pass.nextLook == 3)
        #expect(converger.pass(over: settings, mayStartGuests: true, uptime: 3).isInForce)
        #expect(try libvirt.domain("web")?.isActive == true)
    }

    @Test("a guest that is placed elsewhere is not defined here, and one that ran here is stopped and undefined")
    func placedElsewhere() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        var converger = try host.converger(libvirt)
        let network = [GuestNetwork(name: "lan", bridge: "br0")]
        let elsewhere = HostSettings(networks: network, guests: [Self.guest(host: "h-2", generation: 4)])
        _ = converger.pass(over: HostSettings(networks: network, guests: [Self.guest()]), mayStartGuests: true, uptime: 1)
        _ = converger.pass(over: elsewhere, mayStartGuests: true, uptime: 2)
        let pass = converger.pass(over: elsewhere, mayStartGuests: true, uptime: 5)
        #expect(pass.isInForce, "\(pass.items)")
        #expect(try libvirt.domain("web") == nil)
        // Its old placement, said again, starts nothing.
        let back = converger.pass(over: HostSettings(networks: network, guests: [Self.guest()]), mayStartGuests: true, uptime: 6)
        #expect(back.status("guest", "web")?.detail == "superseded-placement: placement 3 is older than 4, which this host has seen")
        #expect(try libvirt.domain("web") == nil)
    }

    @Test("another definition for a running guest is defined, and in force after the guest restarts")
    func changedWhileRunning() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        var converger = try host.converger(libvirt)
        let network = [GuestNetwork(name: "lan", bridge: "br0")]
        _ = converger.pass(over: HostSettings(networks: network, guests: [Self.guest(64)]), mayStartGuests: true, uptime: 1)
        let changed = HostSettings(networks: network, guests: [Self.guest(128)])
        let pass = converger.pass(over: changed, mayStartGuests: true, uptime: 2)
        #expect(
            pass.status("guest", "web") == ItemStatus(item: Self.guest().key, state: .changed, detail: "in force after the guest restarts"))
        let again = converger.pass(over: changed, mayStartGuests: true, uptime: 3)
        #expect(again.actions.isEmpty)
        #expect(again.status("guest", "web")?.detail == "in force after the guest restarts")
        try libvirt.destroyGuest("web")
        let restarted = converger.pass(over: changed, mayStartGuests: true, uptime: 100)
        #expect(restarted.status("guest", "web")?.detail == "started")
        #expect(converger.pass(over: changed, mayStartGuests: true, uptime: 101).status("guest", "web")?.detail == "")
    }

    @Test("a guest that stops again and again is started less and less often")
    func restartsBackOff() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        var converger = try host.converger(libvirt)
        let settings = HostSettings(networks: [GuestNetwork(name: "lan", bridge: "br0")], guests: [Self.guest()])
        var starts: [Int] = []
        for second in 0..<120 {
            let pass = converger.pass(over: settings, mayStartGuests: true, uptime: Double(second))
            if pass.actions.contains(.startGuest(name: "web")) {
                starts.append(second)
                try libvirt.destroyGuest("web")
            }
        }
        let gaps = zip(starts.dropFirst(), starts).map { $0 - $1 }
        #expect(starts.count >= 4, "\(starts)")
        #expect(gaps == gaps.sorted(), "\(starts)")
    }

    @Test("a guest that does not obey is destroyed when its time is over, and undefined")
    func destroysAfterPatience() throws {
        let running = ObservedDomain(name: "web", uuid: Self.uuid, state: "running", isActive: true)
        let elsewhere = Self.guest(host: "h-2")
        let observed = { (uptime: Double, made: MadeItem) in
            Guest.Observed(host: "h-1", domain: running, generation: 3, uptime: uptime, made: made)
        }
        let asked = try elsewhere.plan(observed(100, MadeItem(fingerprint: "f")))
        #expect(asked.actions == [.remember(elsewhere.key, MadeItem(fingerprint: "f", stopRequested: 100)), .shutdownGuest(name: "web")])
        #expect(asked.isWaiting)
        let waiting = try elsewhere.plan(observed(159, MadeItem(stopRequested: 100)))
        #expect(waiting.actions.isEmpty && waiting.isWaiting)
        let over = try elsewhere.plan(observed(160, MadeItem(stopRequested: 100)))
        #expect(over.actions == [.destroyGuest(name: "web"), .undefineGuest(name: "web"), .releaseMemory(guest: Self.uuid), .forget(elsewhere.key)])
    }

    @Test("the time that a guest has to shut down is remembered while it runs, so that it counts when its document is gone")
    func shutdownTimeout() throws {
        let host = try TemporaryRoot()
        var converger = try host.converger(try host.libvirt())
        let network = [GuestNetwork(name: "lan", bridge: "br0")]
        var guest = Self.guest()
        _ = converger.pass(over: HostSettings(networks: network, guests: [guest]), mayStartGuests: true, uptime: 1)
        #expect(converger.memory[guest.key]?.shutdownTimeout == nil)
        guest.shutdownTimeout = 300
        let pass = converger.pass(over: HostSettings(networks: network, guests: [guest]), mayStartGuests: true, uptime: 2)
        #expect(pass.isInForce && pass.status("guest", "web")?.state == .inForce, "\(pass.items)")
        #expect(converger.memory[guest.key]?.shutdownTimeout == 300)
        #expect(converger.pass(over: HostSettings(networks: network, guests: [guest]), mayStartGuests: true, uptime: 3).actions.isEmpty)
        let running = ObservedDomain(name: "web", uuid: Self.uuid, state: "running", isActive: true)
        let leaving = { (uptime: Double) in
            try Self.guest(host: "h-2").plan(
                .init(
                    host: "h-1", domain: running, generation: 3, uptime: uptime,
                    made: MadeItem(stopRequested: 100, shutdownTimeout: 300)))
        }
        #expect(try leaving(399).isWaiting)
        #expect(try leaving(400).actions.first == .destroyGuest(name: "web"))
    }

    @Test("a guest of the same name that the agent did not define is left alone")
    func foreignGuest() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        try libvirt.defineGuest("<domain type='test'><name>web</name><memory>65536</memory><os><type>hvm</type></os></domain>")
        var converger = try host.converger(libvirt)
        let pass = converger.pass(over: HostSettings(guests: [Self.guest()]), mayStartGuests: true, uptime: 1)
        #expect(pass.status("guest", "web")?.detail.hasPrefix("foreign: ") == true, "\(pass.items)")
        _ = converger.pass(over: HostSettings(guests: [Self.guest(host: "h-2", generation: 9)]), mayStartGuests: true, uptime: 10)
        #expect(try libvirt.domain("web") != nil)
    }

    @Test("a guest's verbatim XML keeps what the operator wrote, with our name and UUID in it")
    func verbatim() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        var converger = try host.converger(libvirt)
        var guest = Self.guest()
        guest.xml = "<domain type='test'><name>wrong</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>"
        let pass = converger.pass(over: HostSettings(guests: [guest]), mayStartGuests: true, uptime: 1)
        #expect(pass.isInForce, "\(pass.items)")
        #expect(try libvirt.domains().map(\.uuid) == [Self.uuid])
    }

    @Test(
        "a disk that cannot be made is named, and nothing is left behind",
        arguments: [
            (Guest.Disk(source: "/pools/x.img"), "missing: "), (Guest.Disk(source: "/pools/x.img", content: "*"), "invalid-item: "),
            (Guest.Disk(source: "/pools/x.img", sizeMiB: .max), "invalid-item: "),
            (Guest.Disk(source: "/pools/x.img", sizeMiB: -1), "invalid-item: "),
            (Guest.Disk(source: "/pools/x.img", format: "vmdk", sizeMiB: 1), "invalid-item: "),
            (Guest.Disk(source: "/dev/no-such-disk", sizeMiB: 1), "invalid-item: "),
            (Guest.Disk(source: "x.img", sizeMiB: 1), "invalid-item: "),
            (Guest.Disk(source: "/pools/x.img", format: "qcow2", sizeMiB: 1), "command-failed: "),
        ])
    func disks(disk: Guest.Disk, refusal: String) throws {
        let host = try TemporaryRoot()
        var converger = try host.converger()
        let pass = converger.pass(over: HostSettings(guests: [Self.guest(disks: [disk])]), mayStartGuests: true, uptime: 1)
        #expect(pass.status("guest", "web")?.detail.hasPrefix(refusal) == true, "\(pass.items)")
        #expect(host.root.list("/pools").isEmpty)
    }

    @Test("a disk that is there is never written to")
    func keepsDisks() throws {
        let host = try TemporaryRoot()
        try host.put("/pools/main/web.img", "precious")
        var converger = try host.converger()
        let settings = HostSettings(networks: [GuestNetwork(name: "lan", bridge: "br0")], guests: [Self.guest(disks: [Self.disk])])
        #expect(converger.pass(over: settings, mayStartGuests: true, uptime: 1).isInForce)
        #expect(try host.text("/pools/main/web.img") == "precious")
    }

    @Test("a kind of pool that libvirt has in a package of its own is named with it")
    func missingPoolKind() {
        let failure = "cannot define the storage pool: internal error: missing backend for pool type 5 (iscsi)"
        let hint = LibvirtConnection.hint(on: failure, for: "<pool type='iscsi'><name>san</name></pool>")
        #expect(hint == "; build the image with --package libvirt-daemon-driver-storage-iscsi")
        #expect(LibvirtConnection.hint(on: "cannot define the storage pool: no name", for: "<pool type='dir'><name/></pool>") == nil)
    }

    @Test("a pool or network that somebody else made is left alone; one whose XML has another name is refused")
    func foreignNetworksAndPools() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        try libvirt.defineNetwork("<network><name>lan</name></network>")
        try libvirt.definePool("<pool type='dir'><name>main</name><target><path>/x</path></target></pool>")
        var converger = try host.converger(libvirt)
        let settings = HostSettings(
            networks: [GuestNetwork(name: "lan", bridge: "br0"), GuestNetwork(name: "a", xml: "<network><name>b</name></network>")],
            storagePools: [StoragePool(name: "main", path: "/y"), StoragePool(name: "c", path: "relative")])
        let pass = converger.pass(over: settings, mayStartGuests: true, uptime: 1)
        #expect(pass.items.map { String($0.detail.prefix(8)) } == ["foreign:", "invalid-", "foreign:", "invalid-"], "\(pass.items)")
        #expect(pass.actions.isEmpty)
    }

    @Test(
        "where a pool of files is shown is made before it starts",
        arguments: [
            (
                "<pool type='fs'><name>p</name><source><device path='/dev/vda1'/></source><target><path>/srv/a&amp;b</path></target></pool>",
                "/srv/a&b"
            ),
            ("<pool type='logical'><name>p</name><target><path>/dev/vg</path></target></pool>", nil),
            ("<pool type='netfs'><name>p</name><target><path>/srv/../etc</path></target></pool>", nil),
        ])
    func poolDirectory(xml: String, directory: String?) throws {
        let plan = try StoragePool(name: "p", xml: xml).plan(.init(exists: false, isActive: false, hasDirectory: false))
        #expect(plan.actions.first == directory.map { .makeDirectory(path: $0, mode: 0o711) } ?? plan.actions.first)
        #expect(plan.actions.contains { if case .makeDirectory = $0 { true } else { false } } == (directory != nil))
    }

    @Test("a guest waits for the pool that its disk lies in: no disk is made where that will be mounted")
    func waitsForPool() throws {
        let host = try TemporaryRoot()
        let libvirt = try host.libvirt()
        let pool = "<pool type='fs'><name>p</name><source><device path='/dev/vda1'/></source><target><path>/srv/p</path></target></pool>"
        try libvirt.definePool(pool)
        var converger = try host.converger(libvirt)
        var guest = Self.guest()
        guest.disks = [.init(source: "/srv/p/web.raw", format: "raw", sizeMiB: 1)]
        let settings = HostSettings(storagePools: [StoragePool(name: "p", xml: pool)], guests: [guest])
        let waiting = converger.pass(over: settings, mayStartGuests: true, uptime: 1)
        #expect(waiting.status("storage-pool", "p")?.detail.hasPrefix("foreign:") == true)
        #expect(waiting.status("guest", "web")?.detail == "waits for the storage pool p, which has a disk of it")
        #expect(!host.root.exists("/srv/p/web.raw"))
        try libvirt.startPool("p")
        _ = converger.pass(over: settings, mayStartGuests: true, uptime: 10)
        #expect(host.root.exists("/srv/p/web.raw"))
        #expect(try libvirt.domain("web")?.isActive == true)
    }

    @Test("without libvirt the guests fail with libvirt's reason, and the rest is in force")
    func withoutLibvirt() throws {
        let host = try TemporaryRoot()
        var converger = try host.converger(LibvirtConnection(uri: "qemu+unix:///system?socket=\(host.directory)/no-socket"))
        let pass = converger.pass(
            over: HostSettings(files: [File(path: "/etc/motd", content: "m")], guests: [Self.guest()]), mayStartGuests: true, uptime: 1)
        #expect(pass.status("file", "/etc/motd")?.state == .changed)
        #expect(pass.status("guest", "web")?.detail.hasPrefix("libvirt: cannot connect") == true, "\(pass.items)")
    }
}
