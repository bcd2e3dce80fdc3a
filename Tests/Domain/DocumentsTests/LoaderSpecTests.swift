import DHCPWire
import Documents
import Testing

@Suite("Loaders of a BootServer document")
struct LoaderSpecTests {
    private func parse(_ spec: String) -> (BootServerSpec?, [DocumentProblem], Document?) {
        let text = "apiVersion: bennu/v1\nkind: BootServer\nmetadata: {name: site}\nspec: \(spec)\n"
        let parsed = DocumentParser.parse(files: [SourceFile(path: "a.yaml", text: text)])
        guard case .bootServer(let spec)? = parsed.documents.first?.spec else { return (nil, parsed.problems, nil) }
        return (spec, parsed.problems, parsed.documents.first)
    }

    @Test("architectures have their name or their number; a name may mean two")
    func architectures() throws {
        let (spec, problems, _) = parse(
            "{loaders: [{architecture: arm64-uefi, file: /a/ipxe.efi}, {architecture: 19, file: /a/ipxe.efi}, "
                + "{architecture: x64-uefi, file: /a/x.efi, vendorClass: 'PXEClient:Arch:00007'}, {architecture: 999, file: /a/odd}]}")
        #expect(problems == [])
        let loaders = try #require(spec).loaders
        #expect(
            loaders.map(\.architectures) == [
                [.arm64UEFI], [.arm64UEFIHTTP], [.x64UEFI, .efiByteCode], [ClientArchitecture(rawValue: 999)],
            ])
        #expect(loaders.map(\.vendorClass) == [nil, nil, "PXEClient:Arch:00007", nil])
        #expect(loaders.map(\.file) == ["/a/ipxe.efi", "/a/ipxe.efi", "/a/x.efi", "/a/odd"])
        #expect(spec?.downloads == nil)
        #expect(parse("{downloads: 5, loaders: [{architecture: 11, file: /a}]}").0?.downloads == 5)
        #expect(parse("{downloads: 5}").0?.loaders == [])
    }

    @Test(
        "a published name has letters, digits, dots, hyphens and underscores, whatever the file is called",
        arguments: [
            ("/srv/ipxe.efi", "arm64-uefi/ipxe.efi"), ("'/srv/ipxe (arm64)&x%2e.efi'", "arm64-uefi/ipxe--arm64--x-2e.efi"),
            ("/srv/.hidden", "arm64-uefi/-hidden"), ("/srv/ü", "arm64-uefi/--"),
            ("/srv/" + String(repeating: "a", count: 200) + ".efi", "arm64-uefi/" + String(repeating: "a", count: 60) + ".efi"),
        ])
    func names(file: String, name: String) throws {
        let (spec, problems, _) = parse("{loaders: [{architecture: arm64-uefi, file: \(file)}]}")
        #expect(problems == [] && spec?.loaders.first?.publishedName == name)
    }

    @Test("a document has 64 at most: all of them are read at once")
    func most() throws {
        func loaders(_ count: Int) -> String { "{loaders: [\((1...count).map { "{architecture: \($0), file: /a}" }.joined(separator: ", "))]}" }
        #expect(parse(loaders(64)).0?.loaders.count == 64)
        #expect(parse(loaders(65)).1.map(\.message) == ["expected 64 loaders at most, found 65"])
    }

    @Test("a name that nobody has is answered with the nearest")
    func unknown() throws {
        let (_, problems, _) = parse("{loaders: [{architecture: arm64-efi, file: /a}]}")
        #expect(problems.map(\.hint) == ["did you mean arm64-uefi?"])
    }

    @Test("what the server finds wrong with a file has the file's own place in the document")
    func place() throws {
        let (_, _, document) = parse("\n  loaders:\n  - {architecture: 11, file: /a}\n  - architecture: 19\n    file: /b")
        let problem = try #require(document).unusableLoader(1, "/b: it is empty")
        #expect(problem.description.hasPrefix("a.yaml:8:11: spec.loaders[1].file: /b: it is empty; "))
        #expect(problem.code == .unusableFile)
    }
}
