import Glibc

/// What libvirt found out about its QEMU by asking it, which takes seconds. A next root may start with it: libvirt looks at program times,
/// versions and the processor first, and asks again where anything differs.
struct EmulatorKnowledge {
    private static let directory = "/var/cache/libvirt/qemu/capabilities"

    let root: HostRoot

    /// Best effort: without it the next libvirt takes longer, and that is all.
    func copy(into next: HostRoot) {
        for file in root.list(Self.directory) where file.hasSuffix(".xml") {
            let path = "\(Self.directory)/\(file)"
            guard let bytes = try? root.read(path) else { continue }
            try? next.write(path, bytes, mode: 0o600)
        }
    }
}
