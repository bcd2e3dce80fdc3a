import Documents
import HostContract
import Testing

@Suite("What a Guest document says of shutting down and of changes of the kernel")
struct GuestDocumentTests {
    private static func guests(_ specs: String...) throws -> [Document] {
        let text = specs.enumerated().map { "apiVersion: bennu/v1\nkind: Guest\nmetadata: {name: g\($0)}\nspec:\n\($1)\n" }.joined(separator: "---\n")
        let parsed = DocumentParser.parse(files: [SourceFile(path: "guests.yaml", text: text)])
        #expect(parsed.problems == [])
        return parsed.documents
    }

    @Test(
        "time and order of shutting down go into the configuration, and only where they are said",
        arguments: [
            ("", nil, nil), ("shutdownTimeout: 1s", 1, nil), ("shutdownTimeout: 30m, shutdownOrder: -100", 1800, -100),
            ("shutdownTimeout: 90s, shutdownOrder: 0", 90, 0),
        ] as [(String, Int?, Int?)])
    func shutdown(fields: String, timeout: Int?, order: Int?) throws {
        let document = try #require(try Self.guests("  {host: h, memory: 1GiB, \(fields)}").first)
        guard case .guest(let spec) = document.spec else { throw Unexpected() }
        #expect(spec.guest.shutdownTimeout == timeout && spec.guest.shutdownOrder == order)
    }
    private struct Unexpected: Error {}

    @Test("a guest that stands in the way of a method is noted, at the line of its XML")
    func notes() throws {
        let documents = try Self.guests(
            "  host: h\n  xml: <domain type='kvm'><devices><tpm/></devices></domain>", "  {host: h, memory: 1GiB}",
            "  host: h\n  xml: |\n    <domain type='kvm'>\n    <memoryBacking><hugepages/></memoryBacking></domain>",
            "  host: h\n  xml: <domain type='kvm'><memory>1</memory></domain>", "  host: h\n  xml: <domain type='kvm'><unclosed></domain>",
            "  host: h\n  xml: <domain type='kvm'><devices><interface type='vhostuser'/></devices></domain>")
        let notes = documents.flatMap(\.notes)
        #expect(
            notes.map(\.message) == [
                "guest g0 has a TPM: it can be neither kept nor saved while the kernel changes, so `warm` and `save` are not possible on its host",
                "guest g2 asks for huge pages: its memory cannot stay in place while the kernel changes, so `warm` is not possible on its host, but `save` is",
                "guest g5 has a vhost-user interface, which ends with its system, so `soft` is not possible on its host",
                "guest g5 has a vhost-user interface: it can be neither kept nor saved while the kernel changes, so `warm` and `save` are not possible on its host",
            ])
        #expect(notes.map(\.line) == [6, 19, 42, 42] && Set(notes.map(\.path)) == ["spec.xml"] && Set(notes.map(\.file)) == ["guests.yaml"])
    }
}
