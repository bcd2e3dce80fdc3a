import Glibc
import HostAgent
import NIOCore
import NIOPosix
import Testing

@Suite("Whether this host reaches its guests' disks")
struct DiskReachTests {
    private static let root = "22 1 0:20 / / rw - overlay overlay rw"
    private static let remote = "36 1 0:40 / /srv/remote rw - nfs4 store:/guests rw"

    private func host() throws -> TemporaryRoot {
        let host = try TemporaryRoot()
        try host.put("/proc/self/mountinfo", Self.root + "\n" + Self.remote + "\n")
        try host.put("/usr/bin/.keep", "")
        #expect(symlink("/usr/bin/dd", host.root.path("/usr/bin/dd")) == 0)
        return host
    }

    private func traits(_ disks: String...) throws -> DomainTraits {
        try #require(DomainTraits("<domain><name>g</name><devices>\(disks.map { "<disk>\($0)</disk>" }.joined())</devices></domain>"))
    }

    @Test("files are read: one that is there, an empty one, one that is not, and a directory")
    func files() async throws {
        let host = try host()
        try host.put("/srv/a.raw", String(repeating: "x", count: 10_000))
        try host.put("/srv/empty.raw", "")
        let faults = await DiskReach(root: host.root, group: MultiThreadedEventLoopGroup.singleton).faults(of: [
            ("good", try traits("<source file='/srv/a.raw'/>", "<source file='/srv/empty.raw'/>")),
            ("gone", try traits("<source file='/srv/a.raw'/>", "<source file='/srv/gone.raw'/>")),
            ("odd", try traits("<source file='/srv'/>")),
        ])
        #expect(faults.keys.sorted() == ["gone", "odd"])
        #expect(faults["gone"]?.hasPrefix("disk /srv/gone.raw: exit 1: ") == true && faults["gone"]?.hasSuffix("No such file or directory") == true)
        #expect(faults["odd"]?.hasSuffix("Is a directory") == true)
    }

    @Test(
        "a refusal is an answer where QEMU may read what root may not, and where a drive is empty",
        arguments: ["Permission denied", "No medium found"])
    func refused(reason: String) async throws {
        let host = try host()
        #expect(unlink(host.root.path("/usr/bin/dd")) == 0)
        try host.program("/usr/bin/dd", "echo \"dd: failed to open '/srv/a.raw': \(reason)\" >&2; exit 1")
        let reach = DiskReach(root: host.root, group: MultiThreadedEventLoopGroup.singleton)
        #expect(await reach.faults(of: [("g", try traits("<source file='/srv/a.raw'/>"))]) == [:])
    }

    @Test("a server that is away is waited for once, and all that is below its mount is not reached")
    func silence() async throws {
        let host = try host()
        try host.put("/srv/remote/.keep", "")
        try host.put("/srv/local.raw", "x")
        // Nobody writes to them: a read never ends.
        for name in ["a", "b", "c"] { #expect(mkfifo(host.root.path("/srv/remote/\(name).raw"), 0o600) == 0) }
        let reach = DiskReach(root: host.root, group: MultiThreadedEventLoopGroup.singleton, patience: 1)
        let guests = try ["a", "b", "c"].map { ($0, try traits("<source file='/srv/local.raw'/>", "<source file='/srv/remote/\($0).raw'/>")) }
        let faults = await reach.faults(of: guests)
        #expect(faults == ["a", "b", "c"].reduce(into: [:]) { $0[$1] = "disk /srv/remote/\($1).raw: no answer" })
    }

    @Test("servers of disks over the network answer a connection, or are named")
    func network() async throws {
        let host = try host()
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        // Bound, so that nobody else listens there, and does not listen.
        let closed = try Socket()
        let (open, refused) = (try #require(listener.localAddress?.port), closed.port)
        let socket = try await ServerBootstrap(group: group).bind(unixDomainSocketPath: host.root.path("/nbd")).get()
        func disk(_ servers: String) -> String { "<source protocol='nbd' name='x'>\(servers)</source>" }
        func tcp(_ port: Int) -> String { "<host name='127.0.0.1' port='\(port)'/>" }
        let faults = await DiskReach(root: host.root, group: group, patience: 5).faults(of: [
            ("one", try traits(disk(tcp(open)), disk("<host transport='unix' socket='/nbd'/>"))),
            ("second", try traits(disk(tcp(refused) + tcp(open)))), ("unknown", try traits(disk(""))),
            ("away", try traits(disk(tcp(refused)))), ("gone", try traits(disk("<host transport='unix' socket='/gone'/>"))),
        ])
        #expect(faults.keys.sorted() == ["away", "gone"])
        #expect(faults["away"]?.hasPrefix("disk nbd:x over the network: 127.0.0.1:\(refused): ") == true)
        #expect(faults["gone"]?.hasPrefix("disk nbd:x over the network: /gone: ") == true)
        withExtendedLifetime(closed) {}
        try await listener.close()
        try await socket.close()
    }

    @Test(
        "of an NBD server the guest's own connection is enough, unless something in it waits to be sent again", arguments: ["00000000", "00000003"])
    func connected(repeats: String) async throws {
        let host = try host()
        let closed = try Socket()
        let port = String(closed.port, radix: 16, uppercase: true)
        let row =
            "0: 0100007F:C0DE 0100007F:\(String(repeating: "0", count: 4 - port.count))\(port) 01 00000000:00000000 00:00000000 \(repeats) 0 0 1"
        try host.put("/proc/net/tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n   \(row)\n")
        let reach = DiskReach(root: host.root, group: MultiThreadedEventLoopGroup.singleton)
        let servers = "<host name='localhost' port='\(closed.port)'/>"
        let faults = await reach.faults(of: [
            ("nbd", try traits("<source protocol='nbd' name='x'>\(servers)</source>")),
            ("iscsi", try traits("<source protocol='iscsi' name='x'>\(servers)</source>")),
        ])
        #expect(faults.keys.sorted() == (repeats == "00000000" ? ["iscsi"] : ["iscsi", "nbd"]))
        withExtendedLifetime(closed) {}
    }

    @Test("what is carried in memory is not asked for")
    func carried() async throws {
        let faults = await DiskReach(root: try host().root, group: MultiThreadedEventLoopGroup.singleton).faults(of: [
            ("g", try traits("<source file='/run/keep/images/gone.raw'/>"))
        ])
        #expect(faults == [:])
    }

    @Test("disks that are volumes are found by pool and name, as libvirt knows them, and one that it does not know is not reached")
    func volumes() async throws {
        let xml = "<domain><devices><disk><source pool='p' volume='v'/></disk><disk><source pool='p' volume='lv'/></disk></devices></domain>"
        let traits = try #require(DomainTraits(xml) { pool, name in pool != "p" ? nil : name == "lv" ? "/dev/vg/lv" : "/srv/\(name)" })
        #expect(traits.files == ["/srv/v"] && traits.devices == ["/dev/vg/lv"])
        #expect(DomainTraits(xml)?.files == [] && DomainTraits(xml)?.unknownVolumes == ["p/v", "p/lv"])
        let lost = await DiskReach(root: try host().root, group: MultiThreadedEventLoopGroup.singleton).faults(of: [
            ("g", try #require(DomainTraits(xml)))
        ])
        #expect(lost == ["g": "disk p/v: libvirt does not know where that is"])
        let host = try TemporaryRoot()
        let pool = "<pool type='dir'><name>p</name><target><path>/srv</path></target><volume><name>v</name><capacity>1</capacity></volume></pool>"
        let libvirt = try host.libvirt("<node>\(pool)</node>")
        #expect(try libvirt.volumePath("v", in: "p") == "/srv/v")
        #expect(throws: HostFailure.self) { try libvirt.volumePath("w", in: "p") }
        #expect(throws: HostFailure.self) { try libvirt.volumePath("v", in: "q") }
    }
}

/// A TCP socket of 127.0.0.1 that refuses connections.
private final class Socket {
    private let descriptor: Int32
    let port: Int

    init() throws {
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            return pointer.map { bind(made, $0, length) == 0 && getsockname(made, $0, &length) == 0 }
        }
        descriptor = made
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(bound == true && port > 0)
    }

    deinit { close(descriptor) }
}
