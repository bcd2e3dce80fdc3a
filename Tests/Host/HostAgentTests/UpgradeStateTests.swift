import HostAgent
import HostContract
import Primitives
import Testing

@Suite("What a host holds and knows across a soft reboot")
struct UpgradeStateTests {
    static func digest(_ byte: UInt8) throws -> Digest { try #require(Digest(bytes: [UInt8](repeating: byte, count: 32))) }

    @Test(
        "an agent that starts knows whether it arrived, was never away, or came back",
        arguments: [
            ("b-old", nil, false, UpgradeMemory.Standing.notLeft),
            ("b-old", "o-1", false, .notLeft),
            ("b-new", "o-1", false, .arrived),
            ("b-new", "o-1", true, .fellBack),
            // The old root, which an earlier upgrade prepared, or the initrd.
            ("b-new", "o-0", false, .fellBack),
            ("b-new", nil, false, .fellBack),
        ])
    func standing(boot: String, order: String?, isFallback: Bool, standing: UpgradeMemory.Standing) throws {
        let (old, new) = try (Self.digest(1), Self.digest(2))
        let memory = UpgradeMemory(order: "o-1", boot: "b-old", former: old, target: new, fallbackNonce: "")
        let identity = order.map { RootIdentity(root: new, order: $0, isFallback: isFallback) }
        #expect(memory.standing(boot: boot, identity: identity) == standing)
    }

    @Test("a root is freed when it neither runs nor lies below a loop device, and never otherwise")
    func frees() throws {
        let host = try TemporaryRoot()
        let (running, guests, idle) = try (Self.digest(1), Self.digest(2), Self.digest(3))
        for digest in [running, guests, idle] { try host.put(RootShelf.path(of: digest), "squashfs") }
        try host.put(RootShelf.directory + "/README", "no root")
        try host.put("/sys/block/loop0/loop/backing_file", "/run/bennu/roots/\(guests.hexadecimal).img\n")
        let shelf = RootShelf(root: host.root)
        #expect(shelf.roots(running: running).map(\.isInUse) == [true, true, false])
        #expect(shelf.free(running: nil).isEmpty)
        #expect(shelf.free(running: running) == [RootInMemory(root: idle, bytes: 8, isInUse: false)])
        #expect(shelf.roots(running: running).map(\.root) == [running, guests])
    }

    @Test("a root whose file lost its name is known by its loop device, and mounted from there")
    func nameless() throws {
        let host = try TemporaryRoot()
        let digest = try Self.digest(5)
        try host.put("/sys/block/loop3/loop/backing_file", "/\(digest.hexadecimal).img (deleted)\n")
        try host.put("/sys/block/loop3/size", "2048\n")
        let shelf = RootShelf(root: host.root)
        #expect(shelf.roots(running: nil) == [RootInMemory(root: digest, bytes: 1 << 20, isInUse: true)])
        #expect(shelf.source(of: digest)?.path == "/dev/loop3")
    }

    @Test("the root of the cold boot is the initrd's word, until a root says what it is")
    func identity() throws {
        let host = try TemporaryRoot()
        let (first, second) = try (Self.digest(1), Self.digest(2))
        #expect(RootIdentity.running(in: host.root) == nil)
        try host.put(BootHandover.bootFile, #"{"server":"http://10.0.0.1:8081","boot":"b-1","nonce":"n","root":"\#(first)"}"#)
        #expect(RootIdentity.running(in: host.root) == first)
        try host.put("/run/bennu/image/root.img", "squashfs")
        RootShelf(root: host.root).settle()
        #expect(host.root.exists("/run/bennu/image/\(first.hexadecimal).img"))
        try RootIdentity(root: second, order: "o", isFallback: false).save(to: host.root)
        #expect(RootIdentity.running(in: host.root) == second)
        // A guest's QEMU of before the change still sees the root that it was started in.
        #expect(RootIdentity.ofProcess(41, in: host.root) == nil)
        try host.put("/proc/41/root" + RootIdentity.file, #"{"root":"\#(first)","order":"o","isFallback":false}"#)
        #expect(RootIdentity.ofProcess(41, in: host.root) == first)
    }

    @Test("a successor's handover keeps what the initrd wrote beside boot and nonce")
    func handover() throws {
        let host = try TemporaryRoot()
        let root = try Self.digest(7)
        try host.put(
            BootHandover.bootFile,
            #"{"server":"http://10.0.0.1:8081","boot":"b-1","nonce":"n1","mac":"52:54:00:00:00:01","address":"10.0.0.9","root":"\#(root)"}"#)
        try host.put(BootHandover.siteKeyFile, String(repeating: "ab", count: 32))
        try BootHandover.load(from: host.root).succeed(boot: "b-2", nonce: "n2", in: host.root)
        let next = try BootHandover.load(from: host.root)
        #expect(next.boot == "b-2" && next.nonce == "n2" && next.hardwareAddress == HardwareAddress("52:54:00:00:00:01"))
        #expect(RootIdentity.running(in: host.root) == root)
    }
}
