import Primitives
import Testing

@Suite("Networks parse and hold addresses")
struct PrefixTests {
    @Test(
        "a network knows its mask and last address",
        arguments: [
            ("10.77.0.0/24", "255.255.255.0", "10.77.0.255"), ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
            ("10.0.0.7/32", "255.255.255.255", "10.0.0.7"),
            ("10.0.0.6/31", "255.255.255.254", "10.0.0.7"), ("172.16.0.0/12", "255.240.0.0", "172.31.255.255"),
        ])
    func network(text: String, mask: String, broadcast: String) throws {
        let prefix = try #require(IPv4Prefix(text))
        #expect(prefix.description == text)
        #expect(prefix.mask.description == mask)
        #expect(prefix.broadcast.description == broadcast)
    }

    @Test(
        "what is no network does not parse",
        arguments: [
            "10.77.0.1/24", "10.77.0.0", "10.77.0.0/33", "10.77.0.0/-1", "10.77.0.0/", "/24", "10.77.0.0/024", "10.77.0.0/24/8",
            "10.77.0.0/+8", "",
        ])
    func noNetwork(text: String) { #expect(IPv4Prefix(text) == nil) }

    @Test("lengths outside 0 to 32 make no network", arguments: [-1, 33, Int.max, Int.min])
    func length(length: Int) { #expect(IPv4Prefix(containing: .any, length: length) == nil) }

    @Test(
        "overlap goes both ways",
        arguments: [
            ("10.0.0.0/8", "10.77.0.0/24", true), ("10.77.0.0/24", "10.77.1.0/24", false), ("0.0.0.0/0", "192.168.0.0/16", true),
            ("10.77.0.0/25", "10.77.0.128/25", false), ("10.77.0.0/24", "10.77.0.0/24", true),
        ])
    func overlap(a: String, b: String, overlaps: Bool) throws {
        let (a, b) = (try #require(IPv4Prefix(a)), try #require(IPv4Prefix(b)))
        #expect(a.overlaps(b) == overlaps)
        #expect(b.overlaps(a) == overlaps)
    }

    @Test("a network holds its own addresses only")
    func contains() throws {
        let prefix = try #require(IPv4Prefix("10.77.0.0/24"))
        #expect(prefix.contains(prefix.network))
        #expect(prefix.contains(prefix.broadcast))
        #expect(!prefix.contains(IPv4Address(10, 77, 1, 0)))
        #expect(!prefix.contains(IPv4Address(10, 76, 255, 255)))
    }

    @Test("an interface keeps its host bits")
    func interface() throws {
        let interface = try #require(IPv4Interface("10.0.0.7/24"))
        #expect(interface.description == "10.0.0.7/24")
        #expect(interface.prefix.description == "10.0.0.0/24")
        #expect(IPv4Interface("10.0.0.7") == nil)
        #expect(IPv4Interface("10.0.0.7/40") == nil)
    }
}
