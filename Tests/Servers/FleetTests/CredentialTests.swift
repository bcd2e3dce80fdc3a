import Crypto
import Fleet
import FleetModel
import Foundation
import Primitives
import TestSupport
import Testing

@Suite("Credentials and the site's key")
struct CredentialTests {
    private let key = SiteKey(key: Curve25519.Signing.PrivateKey())
    private let credential = Credential(host: HostID(unchecked: "aaaaaaaaaaaaaaaa"), boot: BootID(unchecked: "bbbbbbbbbbbbbbbb"))

    @Test("a credential reads back what it was made of")
    func roundTrip() throws {
        let text = try credential.text(signedWith: key)
        #expect(Credential(text, key: key) == credential)
        #expect(text.hasPrefix("bennu1.h-aaaaaaaaaaaaaaaa.b-bbbbbbbbbbbbbbbb."))
    }

    @Test("every prefix, another site's, and every forged part is refused")
    func forged() throws {
        let text = try credential.text(signedWith: key)
        for count in 0..<text.utf8.count { #expect(Credential(String(text.prefix(count)), key: key) == nil, "\(count) characters") }
        #expect(Credential(text, key: SiteKey(key: Curve25519.Signing.PrivateKey())) == nil)
        let parts = text.split(separator: ".").map(String.init)
        let forgeries = [
            ["bennu2"] + parts[1...], [parts[0], "h-aaaaaaaaaaaaaaab"] + parts[2...], [parts[0], parts[1], "b-aaaaaaaaaaaaaaaa", parts[3]],
            [parts[0], parts[1], parts[2], String(parts[3].reversed())], [parts[0], parts[1], parts[2], String(repeating: "é", count: 64)],
            parts + ["x"],
        ]
        for forgery in forgeries { #expect(Credential(forgery.joined(separator: "."), key: key) == nil, "\(forgery)") }
        for index in [0, 20, 40, text.utf8.count - 1] {
            var bytes = Array(text.utf8)
            bytes[index] ^= 1
            #expect(Credential(String(decoding: bytes, as: UTF8.self), key: key) == nil, "byte \(index)")
        }
    }

    @Test("the key file is for its owner only, and is the same key the next time")
    func keyFile() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/site.key"
        let first = try SiteKey.load(orCreateAt: path)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(try SiteKey.load(orCreateAt: path).publicKey == first.publicKey)
        #expect(first.publicKey.count == 32)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["site.key"])
    }

    @Test("a key file that is damaged is never replaced", arguments: ["", "00", "zz", String(repeating: "0", count: 63)])
    func damaged(text: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/site.key"
        try Data(text.utf8).write(to: URL(filePath: path))
        #expect(throws: SiteKeyError.self) { try SiteKey.load(orCreateAt: path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(text.utf8))
    }

    @Test("a key file that is there and cannot be read is an error, not a new key")
    func directoryInPlace() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/site.key", withIntermediateDirectories: true)
        #expect(throws: (any Error).self) { try SiteKey.load(orCreateAt: directory.path + "/site.key") }
    }
}
