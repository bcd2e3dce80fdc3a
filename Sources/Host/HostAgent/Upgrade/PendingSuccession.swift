import FoundationEssentials
import HostContract

/// The boot that the server has begun for the next kernel, from the moment when it is asked for: an agent that ends before the kernel changes
/// leaves guests that stand, under a boot that the server does not know any more. The next one goes on from here.
struct PendingSuccession: Codable {
    var nonce: String
    var grant: ClaimGrant

    static let file = "/run/bennu/agent/succession.json"

    static func load(from host: HostRoot) -> PendingSuccession? {
        guard let bytes = try? host.read(file) else { return nil }
        return try? JSONDecoder().decode(Self.self, from: Data(bytes))
    }

    func save(to host: HostRoot) throws(HostFailure) {
        guard let data = try? JSONEncoder().encode(self) else { throw HostFailure(.unwritable, "cannot encode the succession") }
        try host.write(Self.file, Array(data), mode: 0o600)
    }
}

extension Agent {
    /// Back to where the host was, as far as the server lets it: no kernel loaded, no handover, and if the server has begun the new boot, under that.
    func abandonSuccession() {
        // This is the system that was gone over to, and what it came from may yet be needed.
        guard !WayBack(root: root).isOpen else { return }
        WarmUpgrade.abandon(in: root)
        guard let pending = PendingSuccession.load(from: root) else { return }
        do throws(HostFailure) {
            try SystemNotLeft.comeBack(under: pending.grant, nonce: pending.nonce, because: "the new system was not gone over to", in: root)
            try root.remove(PendingSuccession.file)
        } catch { log(.error, "cannot take up the boot that was begun", ["reason": error.description]) }
    }
}

extension SystemNotLeft {
    /// Writes down for the agent that starts next that this host is back, under the boot that was begun for another system.
    static func comeBack(under grant: ClaimGrant, nonce: String, because reason: String, in root: HostRoot) throws(HostFailure) {
        let handover = try BootHandover.load(from: root)
        try root.write(Guardian.reasonFile, Array((reason + "\n").utf8))
        try handover.succeed(boot: grant.boot, nonce: nonce, in: root)
        try BootHandover.keep(grant, in: root)
    }
}
