import FleetModel
import Primitives
import Testing

@Suite("Identifiers and image references")
struct NamesTests {
    @Test("identifiers say what they name and parse as they print")
    func identifiers() throws {
        var generator = SystemRandomNumberGenerator()
        let (host, boot) = (HostID(using: &generator), BootID(using: &generator))
        #expect(host.description.hasPrefix("h-"))
        #expect(boot.description.hasPrefix("b-"))
        #expect(HostID(host.description) == host)
        #expect(BootID(boot.description) == boot)
        #expect(BootID(host.description) == nil)
    }

    @Test(
        "what we did not make does not parse",
        arguments: [
            "", "h-", "h-aaaaaaaaaaaaaaa", "h-aaaaaaaaaaaaaaaaa", "h-AAAAAAAAAAAAAAAA", "h-aaaaaaaaaaaaaaa1", "h-aaaaaaaaaaaaaaa/",
            "aaaaaaaaaaaaaaaa",
        ])
    func noIdentifier(text: String) { #expect(HostID(text) == nil) }

    @Test(
        "an image reference without a tag means latest",
        arguments: [("kvm:2026.11", "kvm:2026.11"), ("kvm", "kvm:latest"), ("K_v-m.1:a", "K_v-m.1:a")])
    func reference(text: String, printed: String) throws {
        let reference = try #require(ImageReference(text))
        #expect(reference.description == printed)
        #expect(ImageReference(printed) == reference)
    }

    @Test(
        "what is no image reference does not parse",
        arguments: [
            "", ":", "kvm:", ":latest", "a:b:c", "-kvm", ".kvm:1", "kvm:-1", "k vm", "kvm/x", "kvm:1\n", String(repeating: "a", count: 129),
        ])
    func noReference(text: String) { #expect(ImageReference(text) == nil) }
}
