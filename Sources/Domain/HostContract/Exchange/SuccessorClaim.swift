package import Primitives

/// A running host says that it is about to begin another boot by itself: `POST /v1/boots/{boot}/successor`, answered with a `ClaimGrant`.
/// The same nonce again gets the same answer.
package struct SuccessorClaim: Codable, Sendable, Hashable {
    package var contract: Int
    /// 16 random bytes in hexadecimal, for the new boot.
    package var nonce: String
    /// The root that the new boot has.
    package var root: Digest
    /// The order that this carries out.
    package var order: String?
    /// Why the host went back to its former root; `nil` when it goes forward.
    package var fallback: String?

    package init(contract: Int = ContractVersion.current, nonce: String, root: Digest, order: String?, fallback: String? = nil) {
        (self.contract, self.nonce, self.root, self.order, self.fallback) = (contract, nonce, root, order, fallback)
    }
}
