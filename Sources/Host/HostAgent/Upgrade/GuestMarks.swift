import Glibc

/// The mark that lets a process outlive a soft reboot. systemd sets it on the control group of a unit (SurviveFinalKillSignal=), and
/// libvirt puts QEMU into groups below that, where it looks for it in vain.
package struct GuestMarks {
    static let name = "user.survive_final_kill_signal"
    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    /// Marks the control group of every guest's QEMU and those of its helpers.
    /// - Returns: names of the guests.
    func set() throws(HostFailure) -> [String] {
        let guests = root.list("/run/libvirt/qemu").filter { $0.hasSuffix(".pid") }.map { String($0.dropLast(4)) }
        let children = children()
        var marked: [String] = []
        // libvirtd keeps its own process id in the same place: it is to end with its system.
        for guest in guests where guest != "driver" {
            // One that ended a moment ago has no group.
            guard let process = root.line("/run/libvirt/qemu/\(guest).pid").flatMap({ Int32($0) }), process > 1, let group = group(of: process),
                !group.split(separator: "/").contains("..")
            else { continue }
            // Helpers live beside the emulator, below the guest's scope.
            let parts = group.split(separator: "/")
            guard parts.first?.hasPrefix("machine") == true else {
                throw HostFailure(.notEffective, "guest \(guest) is in no control group of its own, and would end with this system")
            }
            let depth = parts.firstIndex { $0.hasSuffix(".scope") }.map { $0 + 1 } ?? parts.count
            let scope = "/" + parts.prefix(depth).joined(separator: "/")
            try gather(below: scope, children)
            for directory in directories(from: Self.place + scope) {
                try Command("/usr/bin/setfattr", ["-n", Self.name, "-v", "1", directory]).run(in: root)
            }
            marked.append(guest)
        }
        return marked
    }

    /// libvirt moves a helper to its guest's control group by its process id. What that had forked before, as virtiofsd its server, stays in
    /// libvirtd's group, which ends with the system: it follows its parent.
    /// - Parameter scope: a control group.
    package func gather(below scope: String, _ children: [Int32: [Int32]]) throws(HostFailure) {
        for directory in directories(from: Self.place + scope) {
            let list = "\(directory)/cgroup.procs"
            var pending = (root.line(list) ?? "").split(separator: "\n").compactMap { Int32($0) }
            while let parent = pending.popLast() {
                for child in children[parent] ?? [] {
                    guard let group = group(of: child), group != scope, !group.hasPrefix(scope + "/") else { continue }
                    do throws(HostFailure) { try root.writeInPlace(list, Array("\(child)\n".utf8)) } catch {
                        // It has ended meanwhile.
                        if self.group(of: child) != nil { throw error }
                    }
                    pending.append(child)
                }
            }
        }
    }

    /// Every process by its parent.
    package func children() -> [Int32: [Int32]] {
        var children: [Int32: [Int32]] = [:]
        for process in root.list("/proc").compactMap({ Int32($0) }) {
            if let parent = ProcessStatus(of: process, in: root)?.parent { children[parent, default: []].append(process) }
        }
        return children
    }

    private static let place = "/sys/fs/cgroup"

    /// The control group of a process, `/machine.slice/…`; `nil` when it has ended.
    private func group(of process: Int32) -> String? {
        root.line("/proc/\(process)/cgroup")?.split(separator: "\n").first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) }
    }

    private func directories(from top: String) -> [String] {
        [top] + root.list(top).filter { root.isDirectory("\(top)/\($0)") }.flatMap { directories(from: "\(top)/\($0)") }
    }
}
