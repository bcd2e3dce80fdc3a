package import Crypto
import Foundation
import Primitives

/// The site's Ed25519 key pair. Whoever holds the private half can configure every host, so it never leaves the data directory.
package struct SiteKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Reads `path`, or makes it (mode 0600, durable before it is used) where it is missing.
    package static func load(orCreateAt path: String) throws -> SiteKey {
        var status = stat()
        // Only a key that is not there is made: one that cannot be read (yet) must never be replaced.
        if lstat(path, &status) == 0 || errno != ENOENT {
            guard let data = FileManager.default.contents(atPath: path), let bytes = Hexadecimal.decode(Array(data).filter { $0 != 10 }),
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
            "cannot read the site key \(path): it needs to be readable and 64 hexadecimal digits; repair it or restore a backup, since hosts trust only this key"
        }
    }
}
