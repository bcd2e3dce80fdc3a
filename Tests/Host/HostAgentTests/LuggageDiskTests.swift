import Foundation
import Glibc
import HostAgent
import HostContract
import Testing

@Suite("Guests are saved on a disk in the host")
struct LuggageDiskTests {
    private static let directory = "/srv/guests/.bennu-save-o-1"

    /// A host with a pool on a disk, where mounting makes a link, and is seen in the table of mounts.
    private func host(_ mount: String = DiskPlacesTests.mount) throws -> TemporaryRoot {
        let host = try DiskPlacesTests().host("22 1 0:20 / / rw - overlay overlay rw", mount)
        try host.put("/proc/cmdline", "quiet bennu.handover=o-1\n")
        try host.put("/etc/libvirt/storage/local.xml", "<pool type='fs'><name>local</name><target><path>/srv/guests</path></target></pool>")
        var memory = AgentMemory(root: "1:1")
        memory[.init(kind: StoragePool.kind, name: "local")] = MadeItem(fingerprint: "1")
        try memory.save(to: host.root)
        try host.put("/dev/vda1", "")
        try host.program(
            "/usr/bin/mount",
            """
            for target; do :; done
            case $1 in --bind) source=$2 ;; *) source=$R/srv/guests ;; esac
            rmdir "$target" && ln -s "$source" "$target" && echo "50 1 254:1 / ${target#$R} rw - ext4 /dev/vda1 rw" >> $R/proc/self/mountinfo
            """)
        try host.program("/usr/bin/rm", "exec rm \"$@\"")
        for program in ["/usr/sbin/blkid", "/usr/sbin/modprobe", "/usr/bin/sync"] { try host.program(program) }
        return host
    }

    /// As far as the system that leaves goes; the next one sees the same disk, and nothing mounted.
    private func left() throws -> TemporaryRoot {
        let host = try host()
        let (note, _) = try LuggageDisk(root: host.root).open("o-1", needing: 1)
        try host.put(PersistentMemory.place + "/handover/order", "o-1\n")
        try host.put(LuggageNote.file, String(decoding: try note.encoded(), as: UTF8.self))
        for place in [PersistentMemory.place, LuggageDisk.place] { #expect(unlink(host.root.path(place)) == 0) }
        try host.put("/proc/self/mountinfo", "22 1 0:20 / / rw - overlay overlay rw\n")
        return host
    }

    @Test("the file system of a pool on a disk in the host is offered, with what is free; others are not")
    func candidates() throws {
        let host = try host()
        let candidates = LuggageDisk(root: host.root).candidates
        #expect(candidates.map(\.space.path) == ["/srv/guests"] && candidates.first?.mount.identifier == "1234-5678")
        #expect(candidates.first?.space.free ?? 0 > 0)
        for mount in ["rw,noatime": "ro,noatime", "ext4": "nfs4", " / /srv": " /sub /srv", "254:1": "253:0", "/srv/guests": "/srv"] {
            let other = try self.host(DiskPlacesTests.mount.replacing(mount.key, with: mount.value))
            // The file system that a pool lies in need not be mounted at the pool's own directory.
            #expect(LuggageDisk(root: other.root).candidates.map(\.space.path) == (mount.value == "/srv" ? ["/srv"] : []), "\(mount)")
        }
        try AgentMemory(root: "1:1").save(to: host.root)
        #expect(LuggageDisk(root: host.root).candidates.isEmpty, "nobody gave us this file system")
    }

    @Test("what one system leaves is root's alone, found by the next one, and gone when that has it")
    func travels() throws {
        let host = try left()
        #expect(host.root.mode(Self.directory) == 0o700 && host.root.mode(Self.directory + "/states") == 0o700)
        let disk = LuggageDisk(root: host.root)
        try disk.take()
        #expect(try host.text(PersistentMemory.place + "/handover/order") == "o-1\n")
        #expect(host.trace.contains { $0.hasPrefix("mount -t ext4 -o rw,nosuid,nodev,noexec ") }, "\(host.trace)")
        try host.put(PersistentMemory.place + "/states/g.state", "memory of a guest")
        #expect(disk.sweep() == [], "guests have not gone on yet")
        try disk.flush()
        #expect(host.trace.last?.hasPrefix("sync -f ") == true)
        try disk.discard()
        #expect(host.root.list("/srv/guests") == ["a.raw"])
    }

    @Test("what was left for another order, is not there, or may be somebody else's, is not taken over")
    func refused() throws {
        let changes: [(String, (TemporaryRoot) throws -> Void)] = [
            ("another order", { try $0.put("/proc/cmdline", "quiet bennu.handover=o-2\n") }),
            ("left by halves", { #expect(unlink($0.root.path(Self.directory + "/handover/order")) == 0) }),
            ("readable for all", { #expect(chmod($0.root.path(Self.directory), 0o755) == 0) }),
            (
                "a link",
                {
                    #expect(rename($0.root.path(Self.directory), $0.root.path("/srv/guests/other")) == 0)
                    #expect(symlink("other", $0.root.path(Self.directory)) == 0)
                }
            ),
            ("no note", { #expect(unlink($0.root.path(LuggageNote.file)) == 0) }),
            ("a note that is none", { try $0.put(LuggageNote.file, "{}") }),
        ]
        for (name, change) in changes {
            let host = try left()
            try change(host)
            #expect(throws: HostFailure.self, "\(name)") { try LuggageDisk(root: host.root).take() }
            #expect(!host.root.exists(PersistentMemory.place + "/handover"), "\(name)")
        }
    }

    @Test("a disk without room, or with something of that name, is not used; a host without one says so")
    func unusable() throws {
        let host = try host()
        let disk = LuggageDisk(root: host.root)
        #expect(throws: HostFailure.self) { try disk.open("o-1", needing: 1 << 62) }
        #expect(host.trace.isEmpty && host.root.list("/srv/guests") == ["a.raw"])
        #expect(symlink("/tmp", host.root.path(Self.directory)) == 0)
        #expect(throws: HostFailure.self) { try disk.open("o-1", needing: 1) }
        try AgentMemory(root: "1:1").save(to: host.root)
        let failure = #expect(throws: HostFailure.self) { try disk.open("o-1", needing: 1) }
        #expect(failure?.reason.contains("no storage pool") == true)
    }

    @Test("what a change of the kernel left that was not completed is removed, and nothing else")
    func swept() throws {
        let host = try host()
        try host.put(Self.directory + "/states/g.state", "memory of a guest")
        try host.put("/srv/guests/.bennu", "")
        #expect(LuggageDisk(root: host.root).sweep() == [Self.directory])
        #expect(host.root.list("/srv/guests") == [".bennu", "a.raw"])
        try LuggageDisk(root: host.root).discard()
        #expect(LuggageDisk(root: host.root).sweep() == [])
    }

    @Test("what is added to an initrd is unpacked as it was", arguments: [0, 1, 2, 3, (1 << 20) + 1])
    func initrd(bytes: Int) throws {
        let host = try TemporaryRoot()
        let content = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try host.root.write("/root", content)
        try host.put("/initrd", "")
        let archive = InitrdArchive(root: host.root, file: "/initrd")
        try archive.append("luggage.json", Array("{}".utf8))
        try archive.append("root.img", contentsOf: "/root")
        try archive.close()
        #expect(host.root.size("/initrd") % 4 == 0)
        let unpack = Process()
        unpack.executableURL = URL(filePath: "/bin/sh")
        unpack.arguments = ["-c", "cd \(host.directory) && mkdir out && cd out && busybox cpio -i < ../initrd 2>/dev/null"]
        try unpack.run()
        unpack.waitUntilExit()
        #expect(unpack.terminationStatus == 0)
        #expect(try host.text("/out/luggage.json") == "{}")
        #expect(try host.root.read("/out/root.img") == content && host.root.mode("/out/root.img") == 0o600)
        #expect(throws: HostFailure.self) { try archive.append("gone", contentsOf: "/gone") }
    }
}
