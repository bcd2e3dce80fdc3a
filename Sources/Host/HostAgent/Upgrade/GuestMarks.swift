import Glibc

/// The mark that lets a process outlive a soft reboot. systemd sets it on the control group of a unit (SurviveFinalKillSignal=), and
/// libvirt puts QEMU into groups below that, where it looks for it in vain.
struct GuestMarks {
    static let name = "user.survive_final_kill_signal"
    let root: HostRoot

    /// Marks the control group of every guest's QEMU and those of its helpers.
    /// - Returns: names of the guests.
    func set() throws(HostFailure) -> [String] {
        let guests = root.list("/run/libvirt/qemu").filter { $0.hasSuffix(".pid") }.map { String($0.dropLast(4)) }
        var marked: [String] = []
        // libvirtd keeps its own process id in the same place: it is to end with its system.
        for guest in guests where guest != "driver" {
            // One that ended a moment ago has no group.
            guard let process = root.line("/run/libvirt/qemu/\(guest).pid").flatMap({ Int32($0) }), process > 1,
                let group = root.line("/proc/\(process)/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })?.dropFirst(3),
                !group.split(separator: "/").contains("..")
            else { continue }
            // Helpers live beside the emulator, below the guest's scope.
            let parts = group.split(separator: "/")
            guard parts.first?.hasPrefix("machine") == true else {
                throw HostFailure(.notEffective, "guest \(guest) is in no control group of its own, and would end with this system")
            }
            let depth = parts.firstIndex { $0.hasSuffix(".scope") }.map { $0 + 1 } ?? parts.count
            let scope = "/sys/fs/cgroup/" + parts.prefix(depth).joined(separator: "/")
            for directory in directories(from: scope) {
                try Command("/usr/bin/setfattr", ["-n", Self.name, "-v", "1", directory]).run(in: root)
            }
            marked.append(guest)
        }
        return marked
    }

    private func directories(from top: String) -> [String] {
        [top] + root.list(top).filter { root.isDirectory("\(top)/\($0)") }.flatMap { directories(from: "\(top)/\($0)") }
    }
}
