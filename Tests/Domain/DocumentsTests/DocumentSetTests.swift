import Documents
import FleetModel
import HostContract
import Primitives
import Testing

@Suite("A set of documents: references, claims, layers")
struct DocumentSetTests {
    static func document(_ kind: String, _ name: String, _ spec: String) -> String {
        "---\napiVersion: bennu/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec: \(spec)\n"
    }

    static func host(_ name: String, _ mac: String, _ more: String = "") -> String {
        document("Host", name, "{hardwareAddresses: [52:54:00:00:00:\(mac)]\(more)}")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
        let expected: [String]
        init(_ name: String, _ text: String, _ expected: String...) { (testDescription, self.text, self.expected) = (name, text, expected) }
    }

    static let lab = document("Subnet", "lab", "{prefix: 10.0.0.0/24, routers: [10.0.0.1]}")
    static let rows: [Row] = [
        Row(
            "a profile that is missing", document("Profile", "base", "{}") + host("h", "01", ", profiles: [bas]"),
            "10 spec.profiles[0] dangling-reference"),
        Row(
            "accepting with a profile that is missing", document("Subnet", "s", "{prefix: 10.0.0.0/24, acceptUnknown: {profiles: [x]}}"),
            "5 spec.acceptUnknown.profiles[0] dangling-reference"),
        Row("a guest on no host", document("Guest", "g", "{host: h9, memory: 1GiB}"), "5 spec.host dangling-reference"),
        Row("one NIC, two hosts", host("a", "01") + host("b", "01"), "10 spec.hardwareAddresses[0] claimed-twice"),
        Row(
            "one NIC, a host and a guest",
            host("a", "01")
                + document("Guest", "g", "{host: a, memory: 1GiB, interfaces: [{bridge: b, hardwareAddress: 52:54:00:00:00:01}]}"),
            "10 spec.interfaces[0].hardwareAddress claimed-twice"),
        Row(
            "one UUID, two hosts",
            document("Host", "a", "{uuid: 11223344-5566-7788-99aa-bbccddeeff00}")
                + document("Host", "b", "{uuid: 11223344-5566-7788-99AA-BBCCDDEEFF00}"),
            "10 spec.uuid claimed-twice"),
        Row("one host name, two hosts", host("a", "01") + host("b", "02", ", hostName: a"), "10 spec.hostName claimed-twice"),
        Row(
            "two that speak of the boot server", document("BootServer", "a", "{downloads: 1}") + document("BootServer", "b", "{downloads: 1}"),
            "9 metadata.name claimed-twice"),
        Row(
            "one image reference, two documents",
            document("Image", "a", "{reference: kvm}") + document("Image", "b", "{reference: 'kvm:latest'}"),
            "10 spec.reference claimed-twice"),
        Row(
            "one guest UUID, two guests",
            host("h", "01") + document("Guest", "a", "{host: h, memory: 1GiB, uuid: 11223344-5566-7788-99aa-bbccddeeff00}")
                + document("Guest", "b", "{host: h, memory: 1GiB, uuid: 11223344-5566-7788-99aa-bbccddeeff00}"),
            "15 spec.uuid claimed-twice"),
        Row(
            "subnets that overlap",
            lab + document("Subnet", "b", "{prefix: 10.0.0.0/8}") + document("Subnet", "c", "{prefix: 10.9.0.0/16}"),
            "5 spec.prefix overlap", "15 spec.prefix overlap"),
        Row("subnets side by side", lab + document("Subnet", "b", "{prefix: 10.0.1.0/24}")),
        Row(
            "one address, two hosts", lab + host("a", "01", ", address: 10.0.0.5") + host("b", "02", ", address: 10.0.0.5"),
            "15 spec.address claimed-twice"),
        Row("an address on no subnet", lab + host("a", "01", ", address: 10.0.1.5"), "10 spec.address outside-subnets"),
        Row("an address before every subnet", lab + host("a", "01", ", address: 9.0.1.5"), "10 spec.address outside-subnets"),
        Row(
            "an address that another server gives",
            document("Subnet", "lab", "{prefix: 10.0.0.0/24, mode: external}") + host("a", "01", ", address: 10.0.0.5"),
            "10 spec.address conflicting-fields"),
        Row("the network's own address", lab + host("a", "01", ", address: 10.0.0.0"), "10 spec.address invalid-value"),
        Row("the broadcast address", lab + host("a", "01", ", address: 10.0.0.255"), "10 spec.address invalid-value"),
        Row("the router's address", lab + host("a", "01", ", address: 10.0.0.1"), "10 spec.address claimed-twice"),
    ]

    @Test("documents that quarrel are named at the later one", arguments: rows)
    func quarrels(row: Row) {
        let result = DocumentParser.parse(row.text)
        #expect(result.problems == [])
        #expect(DocumentSet(result.documents).validate().summaries == row.expected)
    }

    @Test("a quarrel names both places and a reference its nearest name")
    func messages() {
        let result = DocumentParser.parse(DocumentSetTests.rows[0].text + DocumentSetTests.host("i", "01"))
        let problems = DocumentSet(result.documents).validate().map(\.description)
        #expect(
            problems == [
                "a.yaml:10:59: spec.profiles[0]: no Profile has the name \"bas\"; did you mean base?",
                "a.yaml:15:28: spec.hardwareAddresses[0]: hardware address 52:54:00:00:00:01 is already claimed by Host/h at a.yaml:10",
            ])
    }

    private func set(_ texts: String...) -> DocumentSet { DocumentSet(DocumentParser.parse(texts.joined()).documents) }

    @Test("profiles apply in order, then the host's own fields")
    func layers() throws {
        let set = set(
            Self.document("Profile", "base", "{image: kvm:1, sysctls: {a: 1, b: 1}, kernelArguments: [x]}"),
            Self.document("Profile", "fast", "{image: kvm:2, sysctls: {b: 2}, kernelArguments: [y]}"),
            Self.document("Profile", "plain", "{timeServers: [a]}"),
            Self.host("h", "01", ", profiles: [base, fast, plain], sysctls: {c: 3}"),
            Self.host("i", "02", ", image: kvm:3, profiles: [base]"),
            Self.host("j", "03"),
            Self.document(
                "Image", "kvm2", "{reference: kvm:2, digest: sha256:\(String(repeating: "0", count: 64)), kernelArguments: [i, y]}"))
        let settings = try #require(set.settings(forHost: "h"))
        #expect(settings.sysctls == [Sysctl(name: "a", value: "1"), Sysctl(name: "b", value: "2"), Sysctl(name: "c", value: "3")])
        #expect(settings.timeServers == ["a"])
        #expect(set.imageReference(forHost: "h")?.description == "kvm:2")
        #expect(set.imageReference(forHost: "i")?.description == "kvm:3")
        #expect(set.imageReference(forHost: "j") == nil)
        #expect(set.kernelArguments(forHost: "h") == ["i", "y", "x"])
        #expect(set.pinnedDigest(of: try #require(ImageReference("kvm:2"))) != nil)
        #expect(set.pinnedDigest(of: try #require(ImageReference("kvm:1"))) == nil)
        #expect(set.settings(forHost: "nobody") == nil)
    }

    @Test("applying replaces documents of the same kind and name, and guests move")
    func merging() throws {
        let before = set(
            Self.host("h", "01"), Self.host("i", "02"), Self.document("Guest", "g", "{host: h, memory: 1GiB}"),
            Self.document("Guest", "f", "{host: h, memory: 1GiB}"))
        #expect(before.guests(onHost: "h").map(\.guest.name) == ["f", "g"])
        let after = before.merging(set(Self.document("Guest", "g", "{host: i, memory: 2GiB}")).sorted)
        #expect(after.guests(onHost: "h").map(\.guest.name) == ["f"])
        #expect(after.guests(onHost: "i").map(\.guest.memoryMiB) == [2048])
        #expect(after.sorted.count == before.sorted.count)
        let key = try #require(DocumentKey("guest/f"))
        #expect(after.removing([key]).guests(onHost: "h") == [])
        #expect(after.removing([key]).removing([key]).sorted.count == 3)
    }

    @Test("applying files is all or nothing, and mistakes of one document hide nothing but references")
    func applying() throws {
        let before = set(Self.host("h", "01"))
        let guest = SourceFile(path: "g.yaml", text: Self.document("Guest", "g", "{host: h, memory: 1GiB}"))
        guard case .accepted(let after, let applied) = before.applying([guest]) else {
            Issue.record("a good guest was refused")
            return
        }
        #expect(applied.map(\.key.description) == ["Guest/g"])
        #expect(after.guests(onHost: "h").count == 1)

        let lost = SourceFile(path: "l.yaml", text: Self.document("Guest", "l", "{host: nobody, memory: 1GiB}"))
        let broken = SourceFile(path: "b.yaml", text: Self.document("Host", "nobody", "{}"))
        #expect(refusals(before.applying([guest, lost])) == ["5 spec.host dangling-reference"])
        #expect(refusals(before.applying([guest, lost, broken])) == ["5 spec missing-field"])
    }

    private func refusals(_ application: DocumentSet.Application) -> [String]? {
        guard case .refused(let problems) = application else { return nil }
        return problems.summaries
    }

    @Test("a guest without a UUID has the same one every time, of version 8, and another name another")
    func derivedUUID() throws {
        let uuids = set(
            Self.host("h", "01"), Self.document("Guest", "web", "{host: h, memory: 1GiB}"),
            Self.document("Guest", "wec", "{host: h, memory: 1GiB}")
        )
        .guests.map(\.guest.uuid.description)
        // Fixed: a change would give every guest of every site another identity.
        #expect(uuids.first == "dd5e7458-3a20-8586-ac50-82cafbca3441")
        #expect(Set(uuids).count == 2)
        for uuid in uuids {
            let digits = Array(uuid)
            #expect(digits[14] == "8")
            #expect("89ab".contains(digits[19]))
        }
    }

    @Test("keys parse as they print", arguments: ["Host/h1", "Subnet/lab", "Guest/a.b"])
    func keys(text: String) { #expect(DocumentKey(text)?.description == text) }

    @Test("what names no document does not parse", arguments: ["", "Host", "Host/", "Hosts/a", "Host/A", "Host/a/b", "/a"])
    func noKeys(text: String) { #expect(DocumentKey(text) == nil) }
}
