import HostContract
import Primitives

extension Agent {
    /// After a soft reboot: are we where we were going? If the host came back to its former root instead, that is a boot of its own, and the
    /// server hears of it before anything else.
    func settleSuccession(_ handover: BootHandover, _ grant: ClaimGrant) async throws -> (BootHandover, ClaimGrant) {
        RootShelf(root: root).settle()
        guard let memory = UpgradeMemory.load(from: root) else { return (handover, grant) }
        switch memory.standing(boot: handover.boot, identity: RootIdentity.load(from: root)) {
        case .arrived:
            return (handover, grant)
        case .notLeft:
            log(.warning, "an upgrade was broken off", ["order": memory.order])
            takeDown(memory)
            UpgradeMemory.giveUp(in: root)
            return (handover, grant)
        // Told already, and ended before it could forget.
        case .fellBack where handover.nonce == memory.fallbackNonce:
            clear(memory)
            return (handover, grant)
        case .fellBack:
            let reason = root.line(Guardian.reasonFile) ?? "the former system was never left"
            log(.warning, "back in the former root", ["order": memory.order, "reason": reason])
            marks.mark("back in the former root: \(reason)")
            let client = ServerClient(group: group, server: handover.server, boot: handover.boot)
            let claim = SuccessorClaim(nonce: memory.fallbackNonce, root: memory.former, order: memory.order, fallback: reason)
            let new = try await retrying("cannot tell the server that this host fell back") {
                try await client.succeed(claim, credential: grant.credential)
            }
            try handover.succeed(boot: new.boot, nonce: memory.fallbackNonce, in: root)
            try BootHandover.keep(new, in: root)
            clear(memory)
            return (try BootHandover.load(from: root), new)
        }
    }

    private func clear(_ memory: UpgradeMemory) {
        takeDown(memory)
        try? root.remove(UpgradeMemory.file)
    }

    private func takeDown(_ memory: UpgradeMemory) {
        Guardian.stop(in: root)
        for place in [NextRoot.place, NextRoot.fallbackPlace] { NextRoot(root: root, image: memory.former, place: place).dismantle() }
        RootShelf.releaseFirst(in: root)
    }
}
