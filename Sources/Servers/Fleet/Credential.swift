package import FleetModel
import Foundation
import Primitives

/// The bearer credential of one boot of one host: `bennu1.<host>.<boot>.<signature in hexadecimal>`.
///
/// It holds its own proof, so any server with the site key can check it, also after a restart.
package struct Credential: Sendable, Hashable {
    package let host: HostID
    package let boot: BootID

    package init(host: HostID, boot: BootID) { (self.host, self.boot) = (host, boot) }

    /// `nil` for anything that this site did not sign.
    package init?(_ text: String, key: SiteKey) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "bennu1", parts[3].utf8.count == 128 else { return nil }
        guard let host = HostID(String(parts[1])), let boot = BootID(String(parts[2])) else { return nil }
        guard let signature = Hexadecimal.decode(Array(parts[3].utf8)) else { return nil }
        self.init(host: host, boot: boot)
        guard key.isValid(signature, for: signedBytes) else { return nil }
    }

    package func text(signedWith key: SiteKey) throws -> String {
        "bennu1.\(host).\(boot).\(Hexadecimal.encode(try key.signature(for: signedBytes)))"
    }

    /// The prefix keeps a credential from ever being taken for a signed configuration, which begins with `{`.
    private var signedBytes: [UInt8] { Array("bennu1.\(host).\(boot)".utf8) }
}
