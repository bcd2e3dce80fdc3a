import Glibc
import HostAgent
import HostContract
import Primitives
import Testing

@Suite("Memory that outlives the kernel")
struct GuestMemoryTests {
    static let guest = Guest(
        name: "db", uuid: UniversalUniqueIdentifier("6f9619ff-8b86-d011-b42d-00cf4fc964ff").unsafelyUnwrapped, memoryMiB: 64, vcpus: 1,
        placement: .init(host: "h-1", generation: 3))

    @Test(
        "memmap= is read as the kernel reads it",
        arguments: [
            ("1G!4G", 1 << 30, 4 << 30), ("512M!1G", 512 << 20, 1 << 30), ("0x10000000!0x40000000", 0x1000_0000, 0x4000_0000),
            ("1073741824!4294967296", 1 << 30, 4 << 30), ("65536k!1g", 64 << 20, 1 << 30),
        ] as [(String, UInt64, UInt64)])
    func region(_ text: String, bytes: UInt64, start: UInt64) throws {
        let region = try #require(PersistentMemory.region(text[...]))
        #expect(region.bytes == bytes && region.start == start)
    }

    @Test(
        "what is no region is none",
        arguments: ["", "1G", "1G!", "!4G", "1G!4G!5G", "1G$4G", "1X!4G", "G!4G", "99999999999999999999!1", "18446744073709551615G!1G"])
    func noRegion(_ text: String) { #expect(PersistentMemory.region(text[...]) == nil) }

    @Test("a host without the argument has none, and persistent memory of somebody's own is not touched")
    func notOurs() throws {
        let host = try TemporaryRoot()
        try host.put("/proc/cmdline", "console=ttyS0\n")
        try host.put("/sys/block/pmem0/device/resource", "0x100000000\n")
        try host.program("/usr/sbin/mkfs.ext4")
        let memory = PersistentMemory(root: host.root)
        #expect(!memory.isAsked)
        #expect(try memory.open() == nil)
        try host.put("/proc/cmdline", "memmap=1G!5G\n")
        #expect(memory.isAsked)
        #expect(try memory.open() == nil)
        #expect(host.trace.isEmpty)
    }

    @Test("memory of guests that are gone is let go of, that of others and what is no guest's stays")
    func collected() throws {
        let host = try TemporaryRoot()
        try host.put("/proc/cmdline", "memmap=1G!4G memmap=1G!8G\n")
        let memory = PersistentMemory(root: host.root)
        let gone = UniversalUniqueIdentifier(high: 1, low: 2)
        for place in [PersistentMemory.place, PersistentMemory.place + ".1"] {
            for file in ["\(Self.guest.uuid).ram", "\(gone).ram", "README.ram"] { try host.put("\(place)/guests/\(file)", "words") }
        }
        memory.collect(keeping: [Self.guest.uuid])
        for place in [PersistentMemory.place, PersistentMemory.place + ".1"] {
            #expect(host.root.list(place + "/guests").sorted() == ["\(Self.guest.uuid).ram", "README.ram"].sorted())
        }
    }

    @Test("a guest's memory is near the processors that it is bound to, else where it was")
    func near() throws {
        let host = try TemporaryRoot()
        let places = [PersistentMemory.place, PersistentMemory.place + ".1"]
        try host.put("/proc/cmdline", "memmap=1G!4G memmap=1G!8G\n")
        try host.put("/proc/self/mountinfo", places.map { "36 1 259:0 / \($0) rw - ext4 /dev/pmem0 rw" }.joined(separator: "\n"))
        for (number, start) in [(0, "0x200000000"), (1, "0x100000000")] {
            try host.put("/sys/block/pmem\(number)/device/resource", "\(start)\n")
            try host.put("/sys/block/pmem\(number)/device/numa_node", "\(1 - number)\n")
            try host.put("/sys/devices/system/node/node\(number)/cpulist", "\(number * 4)-\(number * 4 + 3)\n")
        }
        for place in places { try host.put("\(place)/guests/.keep", "") }
        let memory = PersistentMemory(root: host.root)
        func room(_ processors: Set<Int>?) -> String? {
            memory.room(1 << 20, for: Self.guest.uuid, near: processors).map { String($0.dropLast("/guests/\(Self.guest.uuid).ram".count)) }
        }
        #expect([room([1, 2]), room([4, 7])] == places)
        let file = try #require(memory.room(1 << 20, for: Self.guest.uuid, near: [5]))
        try memory.reserve(1 << 20, for: Self.guest.uuid, at: file)
        #expect([room(nil), room([3, 4]), room([0])] == [places[1], places[1], places[0]])
        #expect(memory.status?.freeForSystems != nil && memory.isUsed)
        #expect(memory.room(1 << 62, for: Self.guest.uuid, near: nil) == nil)
        try memory.release(Self.guest.uuid)
        #expect(!host.root.exists(file))
    }

    @Test("lists of processors are read as the kernel and libvirt write them")
    func processors() {
        #expect(ProcessorList("0-3,8")?.processors == Set([0, 1, 2, 3, 8]))
        #expect(ProcessorList("0-4,^2")?.processors == Set([0, 1, 3, 4]))
        for text in ["", "a", "3-1", "1-2-3", "1,", "-1", "70000", "0-9999", "^"] { #expect(ProcessorList(text) == nil, "\(text)") }
    }

    @Test("the region that the argument names is made once a kernel, and only mounted again after a soft reboot")
    func madeOnce() throws {
        let host = try TemporaryRoot()
        try host.put("/proc/cmdline", "console=ttyS0 memmap=1G!4G\n")
        try host.put("/proc/sys/kernel/random/boot_id", "first\n")
        try host.put("/sys/block/pmem0/device/resource", "0x240000000\n")
        try host.put("/sys/block/pmem1/device/resource", "0x100000000\n")
        for device in ["pmem0", "pmem1"] { try host.put("/sys/block/\(device)/dax/write_cache", "1\n") }
        try host.program("/usr/sbin/mkfs.ext4")
        try host.program("/usr/bin/mount")
        let memory = PersistentMemory(root: host.root)
        _ = try memory.open()
        _ = try memory.open()
        #expect(host.trace.map { $0.split(separator: " ").first } == ["mkfs.ext4", "mount", "mount"])
        #expect(host.trace.first?.contains("-E stride=512,stripe_width=512") == true, "files begin where pages of 2 MiB do")
        #expect(host.trace.allSatisfy { $0.contains("/dev/pmem1") })
        #expect(try ["pmem0", "pmem1"].map { try host.text("/sys/block/\($0)/dax/write_cache") } == ["1\n", "0\n"], "caches are kept in ours alone")
        try host.put("/proc/sys/kernel/random/boot_id", "second\n")
        _ = try memory.open()
        #expect(host.trace.count == 5, "another kernel begins anew")
    }

    @Test("a guest's memory has its size and nothing in it, each time")
    func reserve() throws {
        let host = try TemporaryRoot()
        try host.put("/proc/cmdline", "memmap=1G!4G\n")
        let memory = PersistentMemory(root: host.root)
        let file = "\(PersistentMemory.place)/guests/\(Self.guest.uuid).ram"
        try host.put(file, "what another run left")
        try memory.reserve(1 << 20, for: Self.guest.uuid, at: file)
        #expect(host.root.size(file) == 1 << 20)
        #expect(try host.root.read(file)?.allSatisfy { $0 == 0 } == true)
        try memory.release(Self.guest.uuid)
        try memory.release(Self.guest.uuid)
        #expect(!host.root.exists(file))
    }

    @Test("a definition tells what keeps a guest from being kept")
    func traits() throws {
        func traits(_ devices: String, _ more: String = "") throws -> DomainTraits {
            try #require(DomainTraits("<domain type='kvm'><name>g</name><memory unit='GiB'>2</memory>\(more)<devices>\(devices)</devices></domain>"))
        }
        let plain = try traits("<disk type='file'/>")
        #expect(plain.fixture == nil && plain.hasPlainMemory && !plain.isKept && plain.memory == 2 << 30)
        #expect(try traits("<tpm model='tpm-crb'/>").fixture == "has a TPM")
        #expect(try traits("", "<maxMemory slots='2' unit='GiB'>8</maxMemory>").hasPlainMemory == false)
        #expect(DomainTraits("<domain><memory>1048576</memory></domain>")?.memory == 1 << 30)
        #expect(DomainTraits("<domain><memory unit='parsec'>1</memory></domain>")?.memory == nil)
        #expect(DomainTraits("<domain><memory unit='TiB'>99999999999999999</memory></domain>")?.memory == nil)
        #expect(DomainTraits("no XML") == nil)
        #expect(DomainTraits("<domain><os><type machine='pc-q35-10.0'>hvm</type></os></domain>")?.machineType == "pc-q35-10.0")
    }

    @Test("memory of its own name goes past libvirt, also into an operator's XML")
    func injected() throws {
        let kept = KeptMemory(file: "/m/<g>.ram", bytes: 64 << 20)
        let xml = "<domain type='kvm'><name>g</name><memory unit='MiB'>64</memory>\n<!-- </domain> --></domain>\n"
        let changed = try #require(kept.injected(into: xml))
        #expect(changed.hasPrefix("<domain type='kvm'><name>g</name>") && changed.hasSuffix("</qemu:commandline></domain>\n"))
        #expect(changed.contains("mem-path=/m/&lt;g&gt;.ram,share=on,align=2097152"))
        let traits = try #require(DomainTraits(changed))
        #expect(traits.isKept)
        #expect(kept.injected(into: "<domain>") == nil)
    }

    @Test("the standing guests are found again, also after a change of the kernel")
    func standing() throws {
        let host = try TemporaryRoot()
        #expect(StandingGuests.load(from: host.root) == nil)
        let guests = StandingGuests(guests: [.init(name: "db", uuid: Self.guest.uuid, since: 1_700_000_000_000, isInPlace: true)])
        try guests.save(to: host.root)
        #expect(StandingGuests.load(from: host.root) == guests)
        try host.put(StandingGuests.file, "{")
        #expect(StandingGuests.load(from: host.root) == nil)
        try GuestPauses(boot: "b-1", pauses: ["db": 1200]).save(to: host.root)
        #expect(GuestPauses.load(from: host.root, boot: "b-1").pauses == ["db": 1200])
        #expect(GuestPauses.load(from: host.root, boot: "b-2").pauses.isEmpty)
    }
}
