import HostContract
import Primitives

extension Guest {
    /// The definition, on memory that outlives the kernel where the host has enough of it and the guest can live there.
    func keptDefinition(on platform: GuestPlatform, _ host: HostView) throws(HostFailure) -> (String, KeptMemory?) {
        let plain = try definition(on: platform)
        guard platform.domainType != "test", let traits = DomainTraits(plain), traits.hasPlainMemory, traits.fixture == nil,
            let bytes = traits.memory, let file = host.guestMemory.room(bytes, for: uuid, near: traits.processors)
        else { return (plain, nil) }
        let kept = KeptMemory(file: file, bytes: bytes)
        guard let definition = kept.injected(into: plain) else { return (plain, nil) }
        return (definition, kept)
    }
}
