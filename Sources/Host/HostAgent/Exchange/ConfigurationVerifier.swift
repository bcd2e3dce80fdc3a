import Crypto
import FoundationEssentials
package import HostContract

/// Why a configuration was not taken. Nothing of a refused configuration is applied.
package enum ConfigurationRefusal: String, Error, Sendable, CaseIterable {
    /// Not the site's signature over exactly these bytes.
    case wrongSignature = "wrong-signature"
    case otherHost = "other-host"
    case otherBoot = "other-boot"
    /// An old configuration, replayed.
    case otherNonce = "other-nonce"
    case olderRevision = "older-revision"
    case unknownContract = "unknown-contract"
    case malformed
}

/// Decides whether an answer is this host's configuration. Whoever sent it: only the site's key, sealed into the initrd, speaks for the site.
package struct ConfigurationVerifier: Sendable {
    /// 32 bytes, Ed25519 (RFC 8032).
    package var siteKey: [UInt8]
    package var host: String
    package var boot: String
    package var nonce: String

    package init(siteKey: [UInt8], host: String, boot: String, nonce: String) {
        (self.siteKey, self.host, self.boot, self.nonce) = (siteKey, host, boot, nonce)
    }

    /// - Parameters:
    ///   - body: the JSON of a `SignedEnvelope`.
    ///   - revision: the one in force.
    package func verify(_ body: [UInt8], notBelow revision: UInt64) throws(ConfigurationRefusal) -> HostConfiguration {
        guard let envelope = try? JSONDecoder().decode(SignedEnvelope.self, from: Data(body)),
            let payload = Data(base64Encoded: envelope.payload),
            let signature = Data(base64Encoded: envelope.signature)
        else { throw .malformed }
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: siteKey), key.isValidSignature(signature, for: payload) else {
            throw .wrongSignature
        }
        // The contract first: what a later one says may not decode.
        guard let version = try? JSONDecoder().decode(Version.self, from: payload) else { throw .malformed }
        guard (ContractVersion.oldest...ContractVersion.current).contains(version.contract) else { throw .unknownContract }
        guard let configuration = try? JSONDecoder().decode(HostConfiguration.self, from: payload) else { throw .malformed }
        guard configuration.host == host else { throw .otherHost }
        guard configuration.boot == boot else { throw .otherBoot }
        guard configuration.nonce == nonce else { throw .otherNonce }
        guard configuration.revision >= revision else { throw .olderRevision }
        return configuration
    }

    private struct Version: Decodable { var contract: Int }
}
