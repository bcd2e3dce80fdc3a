import HostContract
import Testing

@Suite("A layer over another")
struct MergeTests {
    let below = HostSettings(
        hostName: "below", timeServers: ["a"], authorizedKeys: [AuthorizedKey("ssh-ed25519 AAAA first")],
        bridges: [Bridge(name: "br0", ports: ["eno1"]), Bridge(name: "br1", ports: [])], sysctls: [Sysctl(name: "x", value: "1")],
        kernelArguments: ["a", "b"])

    @Test("an empty layer changes nothing") func empty() {
        #expect(below.merged(with: HostSettings()) == below)
        #expect(HostSettings().merged(with: below) == below)
    }

    @Test("an item of the same name is replaced as a whole, others are added") func items() {
        let above = HostSettings(bridges: [Bridge(name: "br0", ports: ["eno2"], addressing: .none), Bridge(name: "br2", ports: [])])
        #expect(below.merged(with: above).bridges == [Bridge(name: "br1", ports: [])] + above.bridges)
    }

    @Test("single values and lists of servers are replaced, kernel arguments are added once") func values() {
        let merged = below.merged(with: HostSettings(hostName: "above", timeServers: ["b"], kernelArguments: ["b", "c"]))
        #expect(merged.hostName == "above")
        #expect(merged.timeServers == ["b"])
        #expect(merged.kernelArguments == ["a", "b", "c"])
    }

    @Test("memory for guests is that of the most specific layer that speaks of it") func guestMemory() {
        let asks = HostSettings(guestMemoryMiB: 512)
        #expect(asks.merged(with: HostSettings(guestMemoryMiB: 1024)).guestMemoryMiB == 1024)
        #expect(asks.merged(with: below).guestMemoryMiB == 512)
    }

    @Test("a key with another comment is the same key") func keys() {
        let merged = below.merged(with: HostSettings(authorizedKeys: [AuthorizedKey("ssh-ed25519 AAAA second")]))
        #expect(merged.authorizedKeys == [AuthorizedKey("ssh-ed25519 AAAA second")])
    }

    @Test("an item's key names it in reports") func key() { #expect(Bridge(name: "br0", ports: []).key.description == "bridge/br0") }
}
