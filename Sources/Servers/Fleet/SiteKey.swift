package import Crypto
import Foundation
import Primitives

/// The site's Ed25519 key pair. Whoever holds the private half can configure every host, so it never leaves the data directory.
package struct SiteKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Reads `path`, or makes it (mode 0600, durable before it is used) where it is missing.
    package static func load(orCreateAt path: String) throws -> SiteKey {
        if let data = FileManager.default.contents(atPath: path) {
            guard let bytes = Hexadecimal.decode(Array(data).filter { $0 != 10 }),
                let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
            else { throw SiteKeyError.unreadable(path: path) }
            return SiteKey(key: key)
        }
        let key = Curve25519.Signing.PrivateKey()
        let text = Hexadecimal.encode(key.rawRepresentation) + "\n"
        try DurableFile.write(Array(text.utf8), to: path, mode: 0o600)
        return SiteKey(key: key)
    }

    package init(key: Curve25519.Signing.PrivateKey) { self.key = key }

    /// 32 bytes.
    package var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// 64 bytes over exactly `bytes`.
    package func signature(for bytes: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: Data(bytes))) }

    func isValid(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
        key.publicKey.isValidSignature(Data(signature), for: Data(bytes))
    }
}

package enum SiteKeyError: Error, CustomStringConvertible {
    case unreadable(path: String)
    package var description: String {
        switch self {
        case .unreadable(let path):
            "cannot read the site key \(path): it is not 64 hexadecimal digits; restore it from a backup, since hosts trust this key only"
        }
    }
}
