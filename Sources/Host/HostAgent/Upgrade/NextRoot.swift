import Glibc
import HostContract
import Primitives

/// Makes a root ready to be gone over to: a squashfs image below, RAM above, as the initrd does it, with what this host is called.
struct NextRoot {
    static let place = "/run/nextroot"
    static let fallbackPlace = "/run/bennu/fallback"

    let root: HostRoot
    let image: Digest
    let place: String

    /// Leaves nothing behind when it fails.
    func compose(as identity: RootIdentity, machineID: String) throws(HostFailure) {
        dismantle()
        do throws(HostFailure) {
            try mount()
            let inside = HostRoot(root.path(place))
            try inside.write("/etc/machine-id", Array((machineID + "\n").utf8), mode: 0o444)
            if let servers = try root.read("/etc/resolv.conf") { try inside.write("/etc/resolv.conf", servers) }
            try LibvirtIdentity.prepare(machineID: machineID, in: inside)
            EmulatorKnowledge(root: root).copy(into: inside)
            try identity.save(to: inside)
        } catch {
            dismantle()
            throw error
        }
    }

    /// What a root must have for the running kernel, and for us.
    func inspect(kernelRelease: String) throws(HostFailure) {
        let inside = HostRoot(root.path(place))
        for path in ["/usr/lib/systemd/systemd", "/usr/lib/bennu/bennu-agent", "/usr/lib/modules/\(kernelRelease)/modules.dep"]
        where !inside.exists(path) {
            throw HostFailure(.missing, "the root \(image.short) has no \(path)")
        }
    }

    func dismantle() {
        // Lazily: whoever still uses it keeps it, nobody new finds it. Once for the root, once for the private place below it.
        Self.clear(root.path(place))
    }

    /// Takes away every mount at a path; at one where there is none it does nothing.
    static func clear(_ path: String) {
        for _ in 0..<4 where umount2(path, Int32(MNT_DETACH)) != 0 { return }
    }

    /// A mount that appears in a shared place appears in the name spaces of running guests too, and would be held there for as long as they
    /// live. In a private one it does not.
    private func isolate(_ directory: String) throws(HostFailure) {
        try root.makeDirectory(directory, mode: 0o755)
        let path = root.path(directory)
        guard Glibc.mount(path, path, nil, UInt(MS_BIND), nil) == 0, Glibc.mount(nil, path, nil, UInt(MS_PRIVATE), nil) == 0 else {
            throw HostRoot.failure(.notEffective, "cannot make \(directory) a private mount", errno)
        }
    }

    /// The overlay holds both layers by itself, so they need no place of their own for longer than this, and go when the overlay goes.
    private func mount() throws(HostFailure) {
        let stage = "/run/bennu/stage"
        let (lower, upper) = (stage + "/lower", stage + "/upper")
        Self.clear(root.path(stage))
        try isolate(stage)
        defer { Self.clear(root.path(stage)) }
        try isolate(place)
        for directory in [lower, upper] { try root.makeDirectory(directory, mode: 0o755) }
        guard let source = RootShelf(root: root).source(of: image) else { throw HostFailure(.missing, "the root \(image.short) is not in memory") }
        try run(["-t", "squashfs", "-o", source.isDevice ? "ro" : "loop,ro", source.path, lower])
        try run(["-t", "tmpfs", "-o", "mode=0755", "tmpfs", upper])
        for directory in [upper + "/root", upper + "/work"] { try root.makeDirectory(directory, mode: 0o755) }
        try run(["-t", "overlay", "-o", "lowerdir=\(lower),upperdir=\(upper)/root,workdir=\(upper)/work", "overlay", place])
    }

    private func run(_ arguments: [String]) throws(HostFailure) { try Command("/usr/bin/mount", arguments).run(in: root) }
}
