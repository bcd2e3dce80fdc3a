import FoundationEssentials
package import Primitives

/// Which root this is: written into each root that this host prepared by itself. One that the initrd prepared has none.
package struct RootIdentity: Codable, Sendable, Hashable {
    package var root: Digest
    /// The order that this root was prepared for.
    package var order: String
    /// True for the way back.
    package var isFallback: Bool

    package static let file = "/etc/bennu/running-root.json"

    package init(root: Digest, order: String, isFallback: Bool) { (self.root, self.order, self.isFallback) = (root, order, isFallback) }

    package static func load(from host: HostRoot) -> RootIdentity? {
        guard let bytes = try? host.read(file) else { return nil }
        return try? JSONDecoder().decode(Self.self, from: Data(bytes))
    }

    package func save(to host: HostRoot) throws(HostFailure) {
        guard let data = try? JSONEncoder().encode(self) else { throw HostFailure(.unwritable, "cannot encode the identity of a root") }
        try host.write(Self.file, Array(data))
    }

    /// The digest of the root that runs; `nil` where nobody wrote it down.
    package static func running(in host: HostRoot) -> Digest? { load(from: host)?.root ?? ofInitrd(host) }

    /// The root that a process was started in, as it still sees it. QEMU has a mount namespace of its own, which a soft reboot leaves as it is.
    package static func ofProcess(_ process: Int, in host: HostRoot) -> Digest? { running(in: HostRoot(host.path("/proc/\(process)/root"))) }

    private struct Wire: Decodable { var root: Digest? }

    /// The root of the cold boot, as the initrd noted it; soft boots leave that as it is.
    static func ofInitrd(_ host: HostRoot) -> Digest? {
        guard let bytes = try? host.read(BootHandover.bootFile) else { return nil }
        return (try? JSONDecoder().decode(Wire.self, from: Data(bytes)))?.root
    }
}
