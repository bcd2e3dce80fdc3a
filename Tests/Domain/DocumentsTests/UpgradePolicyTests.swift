import Documents
import HostContract
import Testing

@Suite("Which methods a host may be upgraded by is said in profiles and hosts")
struct UpgradePolicyTests {
    static func site(host: String, profiles: String...) -> DocumentSet {
        var text = ""
        for (index, spec) in profiles.enumerated() {
            text += "apiVersion: bennu/v1\nkind: Profile\nmetadata: {name: p\(index)}\nspec: {\(spec)}\n---\n"
        }
        let names = profiles.indices.map { "p\($0)" }.joined(separator: ", ")
        text += """
            apiVersion: bennu/v1
            kind: Host
            metadata: {name: h}
            spec: {hardwareAddresses: [52:54:00:00:00:01], profiles: [\(names)], \(host)}
            ---
            apiVersion: bennu/v1
            kind: Guest
            metadata: {name: web}
            spec: {host: h, memory: 1GiB, maximumPause: 1500ms, upgrade: {forbid: [save, cold]}}

            """
        let parsed = DocumentParser.parse(files: [SourceFile(path: "site.yaml", text: text)])
        #expect(parsed.problems == [])
        return DocumentSet(parsed.documents)
    }

    @Test("the host's own policy is the one in force, else that of its last profile that has one")
    func layers() {
        let profiles = Self.site(host: "", profiles: "upgrade: {allow: [soft]}", "upgrade: {forbid: [cold]}", "image: kvm:1")
        #expect(profiles.upgradePolicy(forHost: "h")?.policy == .forbid([.cold]))
        #expect(profiles.upgradePolicy(forHost: "h")?.document.description == "Profile/p1")
        let host = Self.site(host: "upgrade: {require: warm}", profiles: "upgrade: {allow: [soft]}")
        #expect(host.upgradePolicy(forHost: "h")?.policy == .require(.warm))
        #expect(host.upgradePolicy(forHost: "h")?.document.description == "Host/h")
        #expect(Self.site(host: "").upgradePolicy(forHost: "h") == nil && host.upgradePolicy(forHost: "x") == nil)
    }

    @Test(
        "each policy permits what it says, and live always",
        arguments: [
            (UpgradePolicy.allow([.soft, .warm]), [UpgradeMethod.live, .soft, .warm], "allows soft, warm"),
            (.allow([]), [.live], "allows live only"), (.forbid([.cold, .save]), [.live, .soft, .warm], "forbids cold, save"),
            (.require(.cold), [.live, .cold], "requires cold"),
        ])
    func permits(policy: UpgradePolicy, methods: [UpgradeMethod], text: String) {
        #expect(UpgradeMethod.allCases.filter(policy.permits) == methods)
        #expect(policy.description == text)
    }

    @Test("a guest's longest pause is kept beside it, in milliseconds, and so are the methods that it rules out")
    func guest() throws {
        let guest = try #require(Self.site(host: "").guests(onHost: "h").first)
        #expect(guest.maximumPause == 1500 && guest.upgrade == .forbid([.save, .cold]))
        let words = "Guest/web forbids save, cold"
        #expect(guest.upgrade?.forbidden(by: DocumentKey(kind: .guest, name: "web")) == [.save: words, .cold: words])
    }

    @Test("every policy is written so that it reads the same", arguments: [UpgradePolicy.allow([]), .allow([.soft]), .forbid([]), .require(.save)])
    func emission(policy: UpgradePolicy) throws {
        var spec = try #require(Self.site(host: "").host("h"))
        spec.upgrade = policy
        let parsed = DocumentParser.parse(files: [SourceFile(path: "h.yaml", text: spec.yaml(metadata: Metadata(name: "h")))])
        #expect(parsed.problems == [] && parsed.documents.first?.spec == .host(spec))
    }
}
