import FoundationEssentials
package import HostContract
package import Primitives

/// What the initrd knew of this boot, as it left it for us in /run/bennu.
package struct BootHandover: Sendable, Hashable {
    package var server: ServerAddress
    package var boot: String
    package var nonce: String
    /// Of the NIC that the host booted from.
    package var hardwareAddress: HardwareAddress?
    /// 32 bytes.
    package var siteKey: [UInt8]

    package static let bootFile = "/run/bennu/boot.json"
    package static let claimFile = "/run/bennu/claim.json"
    package static let siteKeyFile = "/run/bennu/site.pub"

    private struct Wire: Decodable {
        var server: ServerAddress
        var boot: String
        var nonce: String
        var mac: String?
    }

    /// - Throws: `.missing` for a file that is not there, `.unreadable` for one that says something else than it should.
    package static func load(from root: HostRoot) throws(HostFailure) -> BootHandover {
        guard let bytes = try root.read(bootFile) else {
            throw HostFailure(.missing, "\(bootFile) is not there: this system was not started by Bennu's initrd")
        }
        let wire: Wire
        do { wire = try JSONDecoder().decode(Wire.self, from: Data(bytes)) } catch {
            throw HostFailure(.unreadable, "\(bootFile): \(error)")
        }
        // Both become part of a path or of a request.
        guard isToken(wire.boot), isToken(wire.nonce) else {
            throw HostFailure(.unreadable, "\(bootFile): boot or nonce is not a plain word")
        }
        guard let digits = root.line(siteKeyFile) else {
            throw HostFailure(.missing, "\(siteKeyFile) is not there: nothing could be trusted")
        }
        guard let key = Hexadecimal.decode(digits.utf8), key.count == 32 else {
            throw HostFailure(.unreadable, "\(siteKeyFile): expected 64 hexadecimal digits")
        }
        return BootHandover(
            server: wire.server, boot: wire.boot, nonce: wire.nonce, hardwareAddress: wire.mac.flatMap { HardwareAddress($0) }, siteKey: key
        )
    }

    /// The claim that the initrd made; `nil` when it could make none.
    package static func grant(from root: HostRoot) -> ClaimGrant? {
        guard let bytes = try? root.read(claimFile) else { return nil }
        return try? JSONDecoder().decode(ClaimGrant.self, from: Data(bytes))
    }

    package static func keep(_ grant: ClaimGrant, in root: HostRoot) throws(HostFailure) {
        guard let data = try? JSONEncoder().encode(grant) else { throw HostFailure(.unwritable, "cannot encode the claim") }
        try root.write(claimFile, Array(data), mode: 0o600)
    }

    /// What the initrd left, for a boot that begins without it: the rest of the file stays as it is.
    /// - Parameter image: the root that the new boot has, where that is not the initrd's to say.
    package func succeed(boot: String, nonce: String, image: Digest? = nil, in root: HostRoot) throws(HostFailure) {
        var fields: [String: String] = [:]
        if let bytes = try root.read(Self.bootFile) { fields = (try? JSONDecoder().decode([String: String].self, from: Data(bytes))) ?? [:] }
        (fields["boot"], fields["nonce"], fields["server"]) = (boot, nonce, "\(server)")
        if let image { fields["root"] = image.description }
        if let hardwareAddress { fields["mac"] = "\(hardwareAddress)" }
        guard let data = try? JSONEncoder().encode(fields) else { throw HostFailure(.unwritable, "cannot encode \(Self.bootFile)") }
        try root.write(Self.bootFile, Array(data), mode: 0o600)
    }

    static func isToken(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    45, 95:
                    true
                default: false
                }
            }
    }
}
