import Crypto
import FoundationEssentials
import HostAgent
import HostContract
import Testing

@Suite struct VerifierTests {
    private static let site = Curve25519.Signing.PrivateKey()
    private static let verifier = ConfigurationVerifier(
        siteKey: Array(site.publicKey.rawRepresentation), host: "h-1", boot: "b-1", nonce: "n-1")

    private static func configuration(
        contract: Int = ContractVersion.current, host: String = "h-1", boot: String = "b-1", nonce: String = "n-1", revision: UInt64 = 7
    ) -> HostConfiguration {
        HostConfiguration(
            contract: contract, site: "s", host: host, boot: boot, nonce: nonce, revision: revision, settings: HostSettings(hostName: "x"),
            bootHash: "b", liveHash: "l")
    }

    static func envelope(_ configuration: HostConfiguration, by key: Curve25519.Signing.PrivateKey) throws -> [UInt8] {
        try envelope(JSONEncoder().encode(configuration), by: key)
    }

    static func envelope(_ payload: Data, by key: Curve25519.Signing.PrivateKey) throws -> [UInt8] {
        let signature = try key.signature(for: payload)
        return Array(
            try JSONEncoder().encode(
                SignedEnvelope(payload: payload.base64EncodedString(), signature: Data(signature).base64EncodedString())))
    }

    @Test("the site's own configuration is taken, also the revision in force once more")
    func takes() throws {
        let configuration = Self.configuration()
        #expect(try Self.verifier.verify(Self.envelope(configuration, by: Self.site), notBelow: 7) == configuration)
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var body: [UInt8]
        var refusal: ConfigurationRefusal
    }

    static let forgeries: [Forgery] = {
        let rogue = Curve25519.Signing.PrivateKey()
        let signed = { (configuration: HostConfiguration) in (try? envelope(configuration, by: site)) ?? [] }
        let good = signed(configuration())
        var moved = (try? JSONDecoder().decode(SignedEnvelope.self, from: Data(good))) ?? SignedEnvelope(payload: "", signature: "")
        moved.payload = (try? JSONEncoder().encode(configuration(revision: 8)))?.base64EncodedString() ?? ""
        let spliced = (try? JSONEncoder().encode(moved)).map { Array($0) } ?? []
        let future = Data(#"{"contract":99,"shape":"nobody knows yet"}"#.utf8)
        return [
            Forgery(
                testDescription: "a rogue server's own key", body: (try? envelope(configuration(), by: rogue)) ?? [],
                refusal: .wrongSignature),
            Forgery(testDescription: "our signature on other bytes", body: spliced, refusal: .wrongSignature),
            Forgery(testDescription: "another host's", body: signed(configuration(host: "h-2")), refusal: .otherHost),
            Forgery(testDescription: "another boot's", body: signed(configuration(boot: "b-2")), refusal: .otherBoot),
            Forgery(testDescription: "replayed under another nonce", body: signed(configuration(nonce: "n-0")), refusal: .otherNonce),
            Forgery(testDescription: "an older revision", body: signed(configuration(revision: 6)), refusal: .olderRevision),
            Forgery(testDescription: "a contract to come", body: (try? envelope(future, by: site)) ?? [], refusal: .unknownContract),
            Forgery(testDescription: "contract 0", body: signed(configuration(contract: 0)), refusal: .unknownContract),
            Forgery(testDescription: "signed nonsense", body: (try? envelope(Data("{}".utf8), by: site)) ?? [], refusal: .malformed),
            Forgery(testDescription: "not JSON", body: Array("<html>".utf8), refusal: .malformed),
            Forgery(testDescription: "nothing", body: [], refusal: .malformed),
            Forgery(testDescription: "no base64", body: Array(#"{"payload":"*","signature":"*"}"#.utf8), refusal: .malformed),
        ]
    }()

    @Test("everything else is refused by its name", arguments: forgeries)
    func refuses(forgery: Forgery) {
        #expect(throws: forgery.refusal) { try Self.verifier.verify(forgery.body, notBelow: 7) }
    }

    @Test("every prefix of a good envelope is refused, and none traps")
    func prefixes() throws {
        let body = try Self.envelope(Self.configuration(), by: Self.site)
        for count in 0..<body.count {
            #expect(throws: ConfigurationRefusal.self) { try Self.verifier.verify(Array(body.prefix(count)), notBelow: 0) }
        }
    }

    @Test("every name of a refusal is reached by a forgery")
    func allNamed() {
        #expect(Set(Self.forgeries.map(\.refusal)) == Set(ConfigurationRefusal.allCases))
    }
}
