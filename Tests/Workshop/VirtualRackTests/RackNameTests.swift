import Testing

@testable import VirtualRack

struct RackNameTests {
    @Test(
        "A rack's name is short, plain and begins with a letter",
        arguments: [
            ("rack", true), ("a", true), ("lab-2", true), (String(repeating: "a", count: 24), true),
            ("", false), (String(repeating: "a", count: 25), false), ("2lab", false), ("-a", false), ("Lab", false), ("a b", false),
            ("../etc", false), ("a/b", false), ("a.b", false), ("a,b", false), ("räck", false), ("a\n", false), ("a\u{0}", false),
        ])
    func parses(_ text: String, _ isName: Bool) {
        #expect((RackName(text) != nil) == isName)
    }

    @Test("No rack's marker begins another's")
    func markers() throws {
        let short = try #require(RackName("lab"))
        let long = try #require(RackName("lab-2"))
        #expect(!long.marker(of: "h1").hasPrefix(short.markerPrefix))
    }
}
