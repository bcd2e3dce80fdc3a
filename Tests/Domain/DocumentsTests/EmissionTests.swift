import Documents
import FleetModel
import HostContract
import Primitives
import Testing

@Suite("Documents that Bennu writes")
struct EmissionTests {
    @Test("a host with every field comes back as it was")
    func everything() throws {
        let texts = [
            "plain", "no", "null", "~", "1", "", "a: b", "a:", "- a", "# a", "\"q\"", "back\\slash", " lead", "two\nlines\n", "tab\t",
            "ünïcode 🙂", "\u{85}\u{2028}", "{a}", "*a", "&a", "!a", "%a", "@a", "`a",
        ]
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJlbm51IGV4YW1wbGUga2V5LCBub2JvZHkgaGFzIGl0 me: \"x\" # y"
        let settings = HostSettings(
            timeServers: ["10.0.0.1", "true"], authorizedKeys: [AuthorizedKey(key)],
            bridges: [
                Bridge(name: "br0", ports: ["boot", "52:54:00:00:00:09"], addressing: .dhcp),
                Bridge(name: "br1", ports: [], addressing: .none),
                Bridge(
                    name: "br2", ports: ["eno2"],
                    addressing: .fixed(
                        [try #require(IPv4Interface("10.78.0.5/24"))], gateway: IPv4Address(10, 78, 0, 1),
                        nameServers: [IPv4Address(9, 9, 9, 9)]), mtu: 9000),
            ],
            files: texts.enumerated().map { File(path: "/f/\($0.offset)", content: $0.element, mode: 0o640) },
            sysctls: [Sysctl(name: "net.ipv4.ip_forward", value: "1"), Sysctl(name: "a", value: "no")],
            networks: [GuestNetwork(name: "lan", bridge: "br0"), GuestNetwork(name: "n", xml: "<network>\n<name>n</name>\n</network>\n")],
            storagePools: [StoragePool(name: "p", path: "/p"), StoragePool(name: "q", xml: "<pool type='dir'><name>q</name></pool>")],
            kernelArguments: ["a=b,c", "x-y"], guestMemoryMiB: 384)
        let host = HostSpec(
            uuid: UniversalUniqueIdentifier(high: 1, low: 2), hardwareAddresses: [HardwareAddress(value: 0x5254_0000_0001)],
            address: IPv4Address(10, 0, 0, 5), hostName: "h.lab", image: ImageReference("kvm:1"), profiles: ["base", "no"],
            upgrade: .forbid([.warm, .cold]), settings: settings)
        let metadata = Metadata(name: "h", labels: ["rack": "a: b", "yes": "", "a.b/c": "1"])
        let result = DocumentParser.parse(host.yaml(metadata: metadata))
        #expect(result.problems == [])
        #expect(result.documents.first?.spec == .host(host))
        #expect(result.documents.first?.metadata == metadata)
    }

    @Test("a small host is what a person would write")
    func small() throws {
        let host = HostSpec(
            hardwareAddresses: [HardwareAddress(value: 0x5254_0000_0001)], image: ImageReference("kvm:1"), profiles: ["base"])
        #expect(
            host.yaml(metadata: Metadata(name: "h1")) == """
                apiVersion: bennu/v1
                kind: Host
                metadata:
                  name: h1
                spec:
                  hardwareAddresses:
                    - "52:54:00:00:00:01"
                  image: kvm:1
                  profiles:
                    - base

                """)
    }

    static let source = """
        # My first host
        apiVersion: bennu/v1
        kind: Host
        metadata: {name: h1}
        spec:
            # Next to the door
            hardwareAddresses: [52:54:00:00:00:01]   # eno1
            image: kvm:1 # the old one
            profiles:
              - base # everyone
              - fast
            files:
              - path: /ä
                content: |
                  ünï
        # the end

        """

    static let edits: [(field: String, value: DocumentEdit.Value, old: String, new: String)] = [
        ("image", .text("kvm:2"), "image: kvm:1 #", "image: kvm:2 #"),
        ("image", .removed, "    image: kvm:1 # the old one\n", ""),
        ("address", .text("10.0.0.5"), "hardwareAddresses", "address: \"10.0.0.5\"\n    hardwareAddresses"),
        ("hostName", .text("no"), "hardwareAddresses", "hostName: \"no\"\n    hardwareAddresses"),
        ("profiles", .list(["base"]), "profiles:\n      - base # everyone\n      - fast\n", "profiles: [base]\n"),
        ("hardwareAddresses", .list(["52:54:00:00:00:02"]), "[52:54:00:00:00:01]", "[\"52:54:00:00:00:02\"]"),
        ("files", .removed, "    files:\n      - path: /ä\n        content: |\n          ünï\n", ""),
        ("address", .removed, "", ""),
    ]

    @Test("one field changes and the rest of the text stays", arguments: edits)
    func edit(field: String, value: DocumentEdit.Value, old: String, new: String) throws {
        let expected = old.isEmpty ? Self.source : Self.source.replacing(old, with: new)
        #expect(DocumentEdit.setting(field, to: value, in: Self.source) == expected)
        #expect(DocumentParser.parse(expected).problems == [])
    }

    @Test(
        "what cannot be edited safely is left to be written anew",
        arguments: ["spec: {image: a}", "spec:\n", "a: [", "", "[]", "spec:\n  image: &a x\n  hostName: *a\n", "spec: &s\n  image: x\n"])
    func refuses(source: String) {
        if let edited = DocumentEdit.setting("image", to: .text("kvm:2"), in: source) {
            #expect(DocumentEdit.setting("image", to: .text("kvm:2"), in: edited) == edited)
        } else {
            #expect(DocumentParser.parse(source).documents == [])
        }
    }
}
