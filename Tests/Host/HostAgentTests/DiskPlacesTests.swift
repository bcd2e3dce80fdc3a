import Glibc
import HostAgent
import HostContract
import Testing

@Suite("Where guests' disks lie when the kernel changes")
struct DiskPlacesTests {
    static let mount = "36 1 254:1 / /srv/guests rw,noatime shared:3 - ext4 /dev/vda1 rw,stripe=4"

    /// A host with one disk in a PCI slot, with a partition, and more below the same names.
    func host(_ mounts: String...) throws -> TemporaryRoot {
        let host = try TemporaryRoot()
        let disk = "/sys/devices/pci0000:00/0000:00:05.0/virtio2/block/vda"
        try host.put("\(disk)/size", "8192\n")
        try host.put("\(disk)/vda1/size", "4096\n")
        try host.put("\(disk)/vda1/partition", "1\n")
        try host.put("/proc/self/mountinfo", mounts.joined(separator: "\n") + "\n")
        try host.put("/srv/guests/a.raw", "")
        for (device, path) in [("254:0", disk), ("254:1", "\(disk)/vda1")] { try link(host, device, path) }
        try host.put("/dev/disk/by-uuid/.keep", "")
        #expect(symlink("../../vda1", host.root.path("/dev/disk/by-uuid/1234-5678")) == 0)
        return host
    }

    private func link(_ host: TemporaryRoot, _ device: String, _ path: String) throws {
        try host.put("/sys/dev/block/.keep", "")
        #expect(symlink("../..\(path.dropFirst(4))", host.root.path("/sys/dev/block/\(device)")) == 0)
    }

    @Test("a file system on a disk in the host is found again by its name, and known by where the disk is plugged in")
    func local() throws {
        let host = try host("22 1 0:20 / / rw - overlay overlay rw", Self.mount)
        let place = LocalMount.Place(disk: nil, addresses: ["0000:00:05.0"], partition: "1", sectors: "4096")
        let expected = LocalMount(target: "/srv/guests", kind: "ext4", options: "rw,noatime,rw", identifier: "1234-5678", place: place)
        #expect(try DiskPlaces(root: host.root).mounts(below: ["/srv/guests/a.raw", "/srv/guests/a.raw"]) == [expected])
        #expect(LocalMount.Place("254:0", in: host.root) != place)
        #expect(DiskPlaces(root: host.root).outlivesKernel("/srv/guests/a.raw"))
    }

    @Test("a disk that is there by a program of the system is known, and one of the kernel's is not taken for it")
    func program() throws {
        let fuse = "40 1 0:50 / /srv/remote rw - fuse.sshfs admin@store:/ rw"
        let host = try host("22 1 0:20 / / rw - overlay overlay rw", Self.mount, fuse)
        for file in ["/srv/remote/b.raw", "/dev/nbd3", "/dev/vda"] { try host.put(file, "") }
        let places = DiskPlaces(root: host.root)
        #expect(places.program(below: "/srv/remote/b.raw") == "fuse.sshfs at /srv/remote")
        #expect(places.program(below: "/dev/nbd3") == "the program below /dev/nbd…")
        for file in ["/srv/guests/a.raw", "/dev/vda", "/nowhere"] { #expect(places.program(below: file) == nil) }
    }

    @Test("a disk that is mounted where files are carried over does not come along by itself, and one among others is libvirt's")
    func hidden() throws {
        let mount = Self.mount.replacing("/srv/guests", with: "/run/keep/images")
        let host = try host("22 1 0:20 / / rw - overlay overlay rw", "25 22 0:22 / /run rw - tmpfs tmpfs rw", mount)
        try host.put("/run/keep/images/a.raw", "")
        #expect(throws: NeedsLibvirt(reason: "/run/keep/images has to do with other mounts")) {
            try DiskPlaces(root: host.root).mounts(below: ["/run/keep/images/a.raw"])
        }
        #expect(DiskPlaces(root: host.root).outlivesKernel("/run/keep/images/a.raw"))
    }

    @Test("what is carried over needs no mount, and what lies in the root does not come along")
    func carried() throws {
        let host = try host("22 1 0:20 / / rw - overlay overlay rw")
        for file in ["/run/keep/images/a.raw", "/run/bennu/memory/guests/a.raw"] { try host.put(file, "") }
        let places = DiskPlaces(root: host.root)
        #expect(try places.mounts(below: ["/run/keep/images/a.raw", "/run/bennu/memory/guests/a.raw"]) == [])
        #expect(places.outlivesKernel("/run/keep/images/a.raw") && !places.outlivesKernel("/srv/guests/a.raw"))
    }

    @Test(
        "what takes more than a disk in the host is libvirt's",
        arguments: [
            (mount.replacing("ext4", with: "nfs4"), "/srv/guests is a file system that is not simply mounted (nfs4)"),
            (mount.replacing(" / /srv", with: " /sub /srv"), "/srv/guests is a file system that is not simply mounted (ext4)"),
            (mount.replacing("254:1", with: "253:0"), "/srv/guests is not on a disk in this host"),
            (mount.replacing("254:1", with: "8:0"), "/srv/guests is not on a disk in this host"),
            // Nothing tells it from others at the same controller.
            (mount.replacing("254:1", with: "8:16"), "/srv/guests is not on a disk in this host"),
            (mount.replacing("254:1", with: "9:9"), "/srv/guests is not on a disk in this host"),
            (mount.replacing("254:1", with: "254:0"), "the file system at /srv/guests has no name of its own"),
            ("", "disk /srv/guests/a.raw is nowhere that is mounted"),
        ])
    func far(mount: String, reason: String) throws {
        let host = try host(mount)
        for (device, path) in [
            ("253:0", "/sys/devices/virtual/block/dm-0"), ("8:0", "/sys/devices/pci0000:00/0000:00:03.0/host2/session1/target2:0:0/block/sda"),
            ("8:16", "/sys/devices/pci0000:00/0000:00:03.0/host2/target2:0:1/2:0:1:0/block/sdb"),
        ] {
            try host.put("\(path)/size", "4096\n")
            try link(host, device, path)
        }
        #expect(throws: NeedsLibvirt(reason: reason)) { try DiskPlaces(root: host.root).mounts(below: ["/srv/guests/a.raw"]) }
        #expect(throws: NeedsLibvirt(reason: "disk /gone.raw is not to be seen")) { try DiskPlaces(root: host.root).mounts(below: ["/gone.raw"]) }
    }

    @Test("an NVMe disk with several controllers is in the host when all of them are", arguments: [("pcie", true), ("tcp", false)])
    func controllers(second: String, isLocal: Bool) throws {
        let host = try host(Self.mount)
        let system = "/sys/devices/virtual/nvme-subsystem/nvme-subsys0"
        try host.put("\(system)/nvme0n1/size", "4096\n")
        try host.put("\(system)/nvme0n1/wwid", "eui.0025385b71b0a1c2\n")
        for (controller, transport) in [("nvme0", "pcie"), ("nvme1", second)] { try host.put("\(system)/\(controller)/transport", "\(transport)\n") }
        try link(host, "259:0", "\(system)/nvme0n1")
        #expect(LocalMount.Place("259:0", in: host.root)?.disk == (isLocal ? "eui.0025385b71b0a1c2" : nil))
    }
}
