/// What is in force for one host, as it is signed: `GET /v1/boots/{boot}/configuration`.
package struct HostConfiguration: Codable, Sendable, Hashable {
    package var contract: Int
    package var site: String
    package var host: String
    package var boot: String
    /// The nonce of this boot's claim: an old configuration, replayed, names another.
    package var nonce: String
    /// Of the documents. An agent never goes back to a lower one.
    package var revision: UInt64
    package var settings: HostSettings
    /// Digests of the restart-only and of the live part (hexadecimal), to compare with what the host reports.
    package var bootHash: String
    package var liveHash: String
    /// The image that the host should run.
    package var image: AssignedImage?
    /// What to do about it now; `nil` until an operator asks.
    package var upgrade: UpgradeOrder?
    /// What to do about one guest now; never beside `upgrade`.
    package var renewal: GuestRenewal?

    package init(
        contract: Int = ContractVersion.current, site: String, host: String, boot: String, nonce: String, revision: UInt64,
        settings: HostSettings, bootHash: String, liveHash: String, image: AssignedImage? = nil, upgrade: UpgradeOrder? = nil,
        renewal: GuestRenewal? = nil
    ) {
        (self.contract, self.site, self.host, self.boot, self.nonce) = (contract, site, host, boot, nonce)
        (self.revision, self.settings, self.bootHash, self.liveHash) = (revision, settings, bootHash, liveHash)
        (self.image, self.upgrade, self.renewal) = (image, upgrade, renewal)
    }
}

/// Bytes with the site's Ed25519 signature over exactly these bytes.
package struct SignedEnvelope: Codable, Sendable, Hashable {
    /// Base64 of the JSON of a `HostConfiguration`.
    package var payload: String
    /// Base64 of 64 bytes.
    package var signature: String
    package init(payload: String, signature: String) { (self.payload, self.signature) = (payload, signature) }
}
