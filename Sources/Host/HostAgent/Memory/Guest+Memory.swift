import HostContract
import Primitives

extension Guest {
    /// The definition, on memory that outlives the kernel where the host has enough of it and the guest can live there.
    func keptDefinition(on platform: GuestPlatform, _ host: HostView) throws(HostFailure) -> (String, KeptMemory?) {
        let plain = try definition(on: platform)
        guard platform.domainType != "test", let space = host.guestMemory.status, let traits = DomainTraits(plain), traits.hasPlainMemory,
            traits.fixture == nil, let bytes = traits.memory
        else { return (plain, nil) }
        let file = host.guestMemory.file(of: uuid)
        // What it has already counts as free: it gets new memory at each start.
        let held = host.root.size(file)
        guard held == bytes || space.free &+ held >= bytes &+ PersistentMemory.reserve else { return (plain, nil) }
        let kept = KeptMemory(file: file, bytes: bytes)
        guard let definition = kept.injected(into: plain) else { return (plain, nil) }
        return (definition, kept)
    }
}
