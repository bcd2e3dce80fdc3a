import Primitives

/// The control group of a guest that went on without libvirt: made by systemd's machined, and divided, as libvirt would have done it.
package struct MachineScope {
    let root: HostRoot
    let guest: StandingGuests.Guest

    /// Before libvirtd starts, which looks for it.
    package static func adoptAll(in root: HostRoot, log: AgentLog) {
        for guest in StandingGuests.load(from: root)?.guests ?? [] where guest.goneOn != nil {
            do throws(HostFailure) { try MachineScope(root: root, guest: guest).make() } catch {
                log(.warning, "a guest that went on has no control group of its own", ["guest": guest.name, "reason": error.description])
            }
        }
    }

    func make() throws(HostFailure) {
        guard let goneOn = guest.goneOn, let launch = guest.launch else { return }
        var group = try current(goneOn.process)
        if !group.contains("/machine.slice/") {
            try Command("/usr/bin/busctl", Self.call(machine: launch.machine, uuid: guest.uuid, process: goneOn.process)).run(in: root)
            group = try current(goneOn.process)
        }
        guard group.hasPrefix("/sys/fs/cgroup/machine.slice/"), !group.hasSuffix("/emulator") else { return }
        try divide(group, goneOn)
    }

    private func current(_ process: Int32) throws(HostFailure) -> String {
        guard let line = root.line("/proc/\(process)/cgroup")?.split(separator: "\n").first, line.hasPrefix("0::/") else {
            throw HostFailure(.missing, "its process \(process) is not there any more")
        }
        return "/sys/fs/cgroup" + line.dropFirst(3)
    }

    /// org.freedesktop.machine1(5). Unlike libvirt's own it is not to start after libvirtd, which waits for it here.
    static func call(machine: String, uuid: UniversalUniqueIdentifier, process: Int32) -> [String] {
        let service = "org.freedesktop.machine1"
        let bytes = uuid.bytes.map { "\($0)" }
        return ["--timeout=10", "call", service, "/org/freedesktop/machine1", "\(service).Manager", "CreateMachine", "sayssusa(sv)", machine, "16"]
            + bytes
            + ["libvirt-qemu", "vm", "\(process)", "", "2"]
            + ["Slice", "s", "machine.slice", "Before", "as", "1", "virt-guest-shutdown.target"]
    }

    /// One group for QEMU, with one for each virtual processor and one for the rest of it.
    private func divide(_ scope: String, _ goneOn: StandingGuests.GoneOn) throws(HostFailure) {
        let top = "\(scope)/libvirt"
        try root.makeDirectory(top, mode: 0o755)
        try set("\(top)/cgroup.procs", "\(goneOn.process)")
        try enable(["cpuset", "cpu", "io", "memory"], in: scope)
        var groups = ["emulator": root.list("/proc/\(goneOn.process)/task").compactMap { Int32($0) }.filter { !goneOn.threads.values.contains($0) }]
        for (number, thread) in goneOn.threads { groups["vcpu\(number)"] = [thread] }
        for (name, _) in groups {
            try root.makeDirectory("\(top)/\(name)", mode: 0o755)
            try set("\(top)/\(name)/cgroup.type", "threaded")
        }
        try enable(["cpuset", "cpu"], in: top)
        for (name, threads) in groups {
            // One that has ended meanwhile need not be moved.
            for thread in threads { try? set("\(top)/\(name)/cgroup.threads", "\(thread)") }
        }
    }

    /// Those that the kernel has.
    private func enable(_ controllers: [String], in group: String) throws(HostFailure) {
        let there = root.line("\(group)/cgroup.controllers")?.split(separator: " ").map(String.init) ?? []
        for controller in controllers where there.contains(controller) { try set("\(group)/cgroup.subtree_control", "+\(controller)") }
    }

    private func set(_ file: String, _ value: String) throws(HostFailure) { try root.writeInPlace(file, Array(value.utf8)) }
}
