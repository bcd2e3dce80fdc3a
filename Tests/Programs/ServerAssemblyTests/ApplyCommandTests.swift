import Foundation
import TestSupport
import Testing

@Suite("Documents by the command line", .timeLimit(.minutes(2)))
struct ApplyCommandTests {
    private static let site = """
        apiVersion: bennu/v1
        kind: Host
        metadata: {name: h1}
        spec: {hardwareAddresses: ['52:54:00:00:00:01']}
        ---
        apiVersion: bennu/v1
        kind: Guest
        metadata: {name: db}
        spec:
          host: h1
          shutdownTimeout: 5m
          shutdownOrder: 1
          xml: |
            <domain type='kvm'><devices><tpm model='tpm-crb'/></devices></domain>

        """

    @Test("a guest that its host's kernel cannot change under is noted on standard error, with and without --dry-run, and in JSON")
    func notes() throws {
        let server = try RunningServer(try TemporaryDirectory())
        let path = server.directory.path + "/site.yaml"
        try Data(Self.site.utf8).write(to: URL(filePath: path))
        let note = "guest db has a TPM: it can be neither kept nor saved while the kernel changes, so `warm` and `save` are not possible on its host"
        let dry = try server.run("apply", "--file", path, "--dry-run")
        #expect(dry.status == 0 && dry.errors == "note: \(path):13: \(note)\n", "\(dry)")
        #expect(dry.output == "created  Host/h1\ncreated  Guest/db\nnothing was applied (--dry-run)\n")
        let applied = try server.run("apply", "--file", path)
        #expect(applied.status == 0 && applied.errors == dry.errors && applied.output.hasSuffix("revision 1\n"), "\(applied)")
        let again = try server.run("apply", "--file", path, "--output", "json")
        struct Answer: Decodable {
            struct Note: Decodable { var file, path, message: String, line: Int }
            var notes: [Note]
        }
        let notes = try JSONDecoder().decode(Answer.self, from: Data(again.output.utf8)).notes
        #expect(notes.map(\.message) == [note] && notes.map(\.line) == [13] && notes.map(\.path) == ["spec.xml"] && notes.map(\.file) == [path])
        #expect(again.status == 0 && again.errors.isEmpty)
    }
}
