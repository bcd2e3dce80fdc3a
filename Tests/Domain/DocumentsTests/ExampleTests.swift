import Documents
import FleetModel
import HostContract
import Primitives
import Testing

@Suite("Examples and documentation hold documents that parse")
struct ExampleTests {
    @Test("the lab is a complete site without a mistake")
    func lab() throws {
        let result = DocumentParser.parse(files: try Repository.yamlFiles(in: "Examples/lab"))
        #expect(result.problems == [])
        let set = DocumentSet(result.documents)
        #expect(set.validate() == [])
        #expect(
            set.sorted.map(\.key.description) == [
                "Subnet/lab", "Image/kvm", "Profile/base", "Host/h1", "Host/h2", "Guest/database", "Guest/web",
            ])

        let settings = try #require(set.settings(forHost: "h2"))
        #expect(settings.hostName == "h2")
        #expect(settings.bridges == [Bridge(name: "br0", ports: ["boot"], addressing: .dhcp)])
        #expect(settings.sysctls == [Sysctl(name: "net.ipv4.ip_forward", value: "1")])
        #expect(settings.guests.map(\.name) == ["database"])
        #expect(settings.guests.first?.placement == Guest.Placement(host: "", generation: 0))
        #expect(set.imageReference(forHost: "h2")?.description == "kvm:latest")
        #expect(set.kernelArguments(forHost: "h2") == ["console=ttyS0", "hugepages=128"])
    }

    @Test("every example of the reference parses, and each kind has one")
    func reference() throws {
        var files: [SourceFile] = []
        var block: [Substring]?
        for (index, line) in try Repository.text("Documentation/Documents.md").split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line == "```yaml" {
                block = []
            } else if line == "```", let lines = block {
                files.append(SourceFile(path: "Documents.md before line \(index + 1)", text: lines.joined(separator: "\n") + "\n"))
                block = nil
            } else {
                block?.append(line)
            }
        }
        let result = DocumentParser.parse(files: files)
        #expect(result.problems == [])
        #expect(Set(result.documents.map(\.kind)) == Set(DocumentKind.allCases))
        #expect(DocumentSet(result.documents).validate() == [])
    }

    @Test("every problem code is in the reference")
    func codes() throws {
        let text = try Repository.text("Documentation/Documents.md")
        #expect(DocumentProblem.Code.allCases.filter { !text.contains("`\($0.rawValue)`") } == [])
    }
}
