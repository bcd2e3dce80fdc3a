import Documents
import HostContract
import Testing

@Suite("YAML: separators, limits and bytes of any kind")
struct YAMLTests {
    static let profile = "apiVersion: bennu/v1\nkind: Profile\nmetadata: {name: a}\n"

    @Test(
        "a document's source is exactly the text between the markers",
        arguments: [
            (profile, profile), ("---\n\(profile)", profile), ("# top\n\n---\n\(profile)...\n", profile),
            ("%YAML 1.2\n---\n\(profile)---\n# end\n", profile),
            ("\u{feff}\(profile)", profile), ("--- # first\n\(profile)---", profile),
            (
                "--- {apiVersion: bennu/v1, kind: Profile, metadata: {name: a}}",
                "--- {apiVersion: bennu/v1, kind: Profile, metadata: {name: a}}"
            ),
            (
                "---\r\napiVersion: bennu/v1\r\nkind: Profile\r\nmetadata: {name: a}\r\n",
                "apiVersion: bennu/v1\r\nkind: Profile\r\nmetadata: {name: a}\r\n"
            ),
            ("\(profile)# a comment stays\n", "\(profile)# a comment stays\n"),
        ])
    func source(text: String, source: String) {
        let result = DocumentParser.parse(text)
        #expect(result.problems == [])
        #expect(result.documents.map(\.source) == [source])
    }

    @Test("nothing but comments is no document", arguments: ["", "\n\n", "# x\n", "---\n---\n...\n", "%YAML 1.2\n---\n"])
    func nothing(text: String) { #expect(DocumentParser.parse(text) == DocumentParser.parse(files: [])) }

    @Test("a scalar is the text as written, whatever YAML makes of it")
    func scalars() throws {
        let text = YAMLTests.profile + "spec: {sysctls: {a: no, b: 0644, c: 1_000, d: 12:30, e: 1e3, f: 'null', g: 0x10}}"
        let settings = DocumentSet(DocumentParser.parse(text).documents).merged(profiles: ["a"])
        #expect(settings.sysctls.map(\.value) == ["no", "0644", "1_000", "12:30", "1e3", "null", "0x10"])
    }

    @Test("aliases repeat a value, within their budget")
    func aliases() {
        let text = YAMLTests.profile + "spec:\n  timeServers: &servers [10.0.0.1]\n  kernelArguments: *servers\n"
        let result = DocumentParser.parse(text)
        #expect(result.problems == [])
        #expect(DocumentSet(result.documents).merged(profiles: ["a"]).kernelArguments == ["10.0.0.1"])
    }

    static let bomb =
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + zip("abcdefgh", "bcdefghi").map { below, name in
            "\(name): &\(name) [\((0..<10).map { _ in "*\(below)" }.joined(separator: ","))]\n"
        }.joined()

    static let refused: [(String, DocumentProblem.Code)] = [
        (bomb, .aliasBomb),
        ("a: &a [x]\n" + String(repeating: "a: &a [*a]\n", count: 100), .tooDeep),
        ("? &a [x, x]\n: 1\n? [*a, *a]\n: *b\n", .unknownAlias),
        (String(repeating: "[", count: 5000), .tooDeep), (String(repeating: "- ", count: 5000), .tooDeep),
        (String(repeating: "{a: ", count: 5000), .tooDeep), (String(repeating: "? ", count: 5000), .tooDeep),
        ("a: !!binary aGVsbG8=", .explicitTag), ("!<x> a: b", .explicitTag), ("a: !x [1]", .explicitTag),
        ("[" + String(repeating: "a,", count: 200_001) + "]", .tooManyValues),
        (String(repeating: " ", count: SourceFile.maximumBytes + 1), .tooLarge),
        ("a: b\n\tc: d\n", .syntax), ("a: \u{1}\n", .syntax), ("a: 'b\n", .syntax), ("a: b: c\n", .syntax), ("{a: b", .syntax),
        ("a: \"\\ud800\"", .syntax),
        ("a: &a\nb: *c", .unknownAlias), ("a: b\u{85}--- c\n", .syntax),
    ]

    @Test("what would hurt or cannot be read is refused by name", arguments: refused.indices)
    func refusals(index: Int) {
        let (text, code) = YAMLTests.refused[index]
        let problems = DocumentParser.parse(text).problems
        #expect(problems.map(\.code) == [code], "\(problems) for \(text.prefix(40))")
        #expect(problems.allSatisfy { $0.line >= 1 && $0.column >= 1 })
    }

    @Test("every seed of the fuzzer is answered")
    func corpus() throws {
        let seeds = try Repository.seeds()
        #expect(seeds.count >= 15)
        for (path, bytes) in seeds {
            guard let file = try? SourceFile(path: path, bytes: bytes) else { continue }
            let result = DocumentParser.parse(files: [file])
            #expect(!result.documents.isEmpty || !result.problems.isEmpty, "\(path)")
        }
    }

    @Test("bytes that are not UTF-8 are refused with their line")
    func notUTF8() {
        let error = #expect(throws: DocumentProblem.self) { try SourceFile(path: "x", bytes: Array("a\nb: ".utf8) + [0xc3, 0x28]) }
        #expect(error?.code == .notUTF8)
        #expect(error?.line == 2)
    }

    @Test("no beginning of a good file makes trouble", arguments: ["Examples/lab/profile.yaml", "Examples/lab/guests.yaml"])
    func prefixes(path: String) throws {
        let bytes = Array(try Repository.text(path).utf8)
        for count in 0..<bytes.count {
            let result = DocumentParser.parse(files: [try SourceFile(path: path, bytes: Array(bytes.prefix(count)))])
            #expect(result.problems.allSatisfy { $0.line >= 1 && $0.line <= 100 })
        }
    }

    @Test("no changed byte of a good file makes trouble")
    func changed() throws {
        let bytes = Array(try Repository.text("Examples/lab/hosts.yaml").utf8)
        var parsed = 0
        for index in bytes.indices {
            for byte in [0x00, 0x0a, 0x2a, 0x3a, 0x5b] as [UInt8] {
                var changed = bytes
                changed[index] = byte
                guard let file = try? SourceFile(path: "x", bytes: changed) else { continue }
                let result = DocumentParser.parse(files: [file])
                parsed += result.documents.count + result.problems.count
                _ = DocumentSet(result.documents).validate()
            }
        }
        #expect(parsed > bytes.count)
    }
}
