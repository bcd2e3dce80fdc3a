import HostAgent
import Testing

@Suite("Programs that libvirt started for a guest outlive the system with it")
struct GuestMarksTests {
    static let scope = "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope"
    static let group = "\(scope)/libvirt/emulator"

    private func host(_ processes: [(id: Int, name: String, parent: Int, group: String)]) throws -> TemporaryRoot {
        let host = try TemporaryRoot()
        for process in processes {
            try host.put(
                "/proc/\(process.id)/stat", "\(process.id) (\(process.name)) S \(process.parent) 1 1 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 1 0 4711 1 1\n"
            )
            try host.put("/proc/\(process.id)/cgroup", "0::\(process.group)\n")
        }
        let members = processes.filter { $0.group == Self.group }.map { "\($0.id)\n" }.joined()
        try host.put("/sys/fs/cgroup\(Self.group)/cgroup.procs", members)
        return host
    }

    @Test("a child that stayed in libvirtd's group follows its parent, and nobody else does")
    func strays() throws {
        let host = try host([
            (1, "systemd", 0, "/init.scope"), (40, "libvirtd", 1, "/system.slice/libvirtd.service"), (50, "qemu-system-x86", 1, Self.group),
            (51, "virtiofsd", 1, Self.group), (52, "virtiofsd) S 1 (", 51, "/system.slice/libvirtd.service"),
            (60, "virtiofsd", 1, "/system.slice/libvirtd.service"),
        ])
        let marks = GuestMarks(root: host.root)
        try marks.gather(below: Self.scope, marks.children())
        // The kernel takes one process at a time; a file shows the last.
        #expect(host.root.line("/sys/fs/cgroup\(Self.group)/cgroup.procs") == "52")
    }

    @Test("children that are below the guest's scope already stay where they are, and one that ended is no failure")
    func settled() throws {
        let host = try host([(51, "virtiofsd", 1, Self.group), (53, "virtiofsd", 51, Self.group)])
        let marks = GuestMarks(root: host.root)
        try marks.gather(below: Self.scope, marks.children())
        try marks.gather(below: Self.scope, [51: [54]])
        #expect(host.root.line("/sys/fs/cgroup\(Self.group)/cgroup.procs") == "51\n53")
    }
}
