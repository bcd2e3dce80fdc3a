import Documents
import Testing

@Suite("A document with ten mistakes: all ten are named")
struct TenMistakesTests {
    static let text = """
        apiVersion: bennu/v2
        kind: Host
        metadata:
          name: H1
        spec:
          uuid: not-a-uuid
          hardwareAddresses: [52:54:00:12:34, 52:54:00:12:34:56, 52-54-00-12-34-56]
          adress: 10.0.0.1
          image: "kvm:"
          profiles: base
          bridges:
            - name: br0
              ports: eno1
              dhcp: true
              mtu: 12
          files:
            - content: hello
              mode: "0999"

        """

    @Test("each with file, line, column, path, what was found and what to do")
    func all() {
        let result = DocumentParser.parse(files: [SourceFile(path: "./site/h1.yaml", text: Self.text)])
        #expect(result.documents == [])
        #expect(
            result.problems.map(\.description) == [
                "./site/h1.yaml:1:13: apiVersion: unknown apiVersion \"bennu/v2\"; this server reads bennu/v1",
                "./site/h1.yaml:4:9: metadata.name: expected a name of a-z, 0-9, '-' and '.', each part beginning and ending with a letter or digit, found \"H1\"",
                "./site/h1.yaml:6:9: spec.uuid: expected a UUID like 11223344-5566-7788-99aa-bbccddeeff00, found \"not-a-uuid\"",
                "./site/h1.yaml:7:23: spec.hardwareAddresses[0]: expected a hardware address like 52:54:00:12:34:56, found \"52:54:00:12:34\"",
                "./site/h1.yaml:7:58: spec.hardwareAddresses[2]: \"52:54:00:12:34:56\" is already in spec.hardwareAddresses[1]; remove one of them",
                "./site/h1.yaml:8:3: spec.adress: unknown field \"adress\"; did you mean address?",
                "./site/h1.yaml:9:10: spec.image: expected an image reference like kvm:2026.11, found \"kvm:\"",
                "./site/h1.yaml:10:13: spec.profiles: expected a list of names of profiles, found \"base\"; write it as a list: [\"base\"]",
                "./site/h1.yaml:13:14: spec.bridges[0].ports: expected a list of ports, found \"eno1\"; write it as a list: [\"eno1\"]",
                "./site/h1.yaml:15:12: spec.bridges[0].mtu: expected bytes, from 68 to 65535, found \"12\"",
                "./site/h1.yaml:17:7: spec.files[0].path: this field is required and missing; write path: /etc/motd",
                "./site/h1.yaml:18:13: spec.files[0].mode: expected permission bits in octal like \"0644\", found \"0999\"",
            ])
    }

    @Test("a syntax error in one document does not hide the mistakes of the others")
    func syntax() {
        let text = """
            kind: Profile
            apiVersion: bennu/v1
            metadata: {name: a
            ---
            apiVersion: bennu/v1
            kind: Profil
            metadata: {name: b}
            ---
            apiVersion: bennu/v1
            kind: Profile
            metadata: {name: c}
            spec: {sysctls: {"a b": 1}}
            """
        let result = DocumentParser.parse(text)
        #expect(result.problems.map(\.code) == [.syntax, .unknownKind, .invalidValue])
        #expect(result.problems.map(\.line) == [4, 6, 12])
        #expect(result.problems.last?.path == "spec.sysctls[\"a b\"]")
    }

    @Test("the same document twice is named with both places")
    func duplicates() {
        let profile = "apiVersion: bennu/v1\nkind: Profile\nmetadata:\n  name: a\n"
        let result = DocumentParser.parse(files: [
            SourceFile(path: "a.yaml", text: profile), SourceFile(path: "b.yaml", text: "---\n\(profile)"),
        ])
        #expect(
            result.problems.map(\.description) == [
                "b.yaml:5:9: metadata.name: Profile/a is already defined at a.yaml:4; rename or remove one of them"
            ])
    }

    @Test("after a thousand mistakes the list ends")
    func bounded() {
        let fields = (0..<5000).map { "  x\($0): 1\n" }.joined()
        let result = DocumentParser.parse("apiVersion: bennu/v1\nkind: Profile\nmetadata: {name: a}\nspec:\n\(fields)")
        #expect(result.problems.count == DocumentParser.maximumProblems)
        #expect(result.problems.last?.code == .tooManyProblems)
    }
}
