import Store
import Testing

@Suite("A key")
struct KeyTests {
    @Test(
        "of allowed segments parses, and prints as it was",
        arguments: [
            "a", "head", "hosts/h-7/boot", "leases/10.0.0.9", "claims/52:54:00:12:34:56", "a_b/c@d/E.F-0", String(repeating: "k", count: 512),
        ])
    func parses(_ text: String) throws {
        #expect(try Key(parsing: text).description == text)
        #expect(Key(text)?.text == text)
    }

    @Test(
        "of any other form is refused by name",
        arguments: [
            ("", KeyError.empty), ("/", .emptySegment(offset: 0)), ("/a", .emptySegment(offset: 0)), ("a/", .emptySegment(offset: 2)),
            ("a//b", .emptySegment(offset: 2)), ("a b", .character(0x20, offset: 1)), ("a;b", .character(0x3b, offset: 1)),
            ("a\u{0}", .character(0, offset: 1)), ("ü", .character(0xc3, offset: 0)), ("a\u{7f}", .character(0x7f, offset: 1)),
            (String(repeating: "k", count: 513), .tooLong(bytes: 513)),
        ])
    func refuses(_ text: String, _ expected: KeyError) {
        #expect(throws: expected) { try Key(parsing: text) }
        #expect(Key(text) == nil)
    }

    @Test("takes segments from outside only where they are segments")
    func appends() throws {
        let hosts: Key = "hosts"
        #expect(try hosts.appending("h-1/boot") == "hosts/h-1/boot")
        #expect(throws: KeyError.emptySegment(offset: 6)) { try hosts.appending("") }
        #expect(throws: KeyError.character(0x20, offset: 7)) { try hosts.appending("a b") }
    }

    @Test("names its last segment", arguments: [("a", "a"), ("a/b", "b"), ("leases/10.0.0.9", "10.0.0.9")])
    func lastSegment(_ text: String, _ expected: String) throws {
        #expect(try Key(parsing: text).lastSegment == expected)
    }
}
