package import Primitives

/// What a host that has just started says to get a credential: `POST /v1/claim`.
package struct BootClaim: Codable, Sendable, Hashable {
    package var contract: Int
    /// From the kernel's command line: the boot that our script began.
    package var boot: String
    package var uuid: String?
    package var macs: [HardwareAddress]
    /// 16 random bytes in hexadecimal, made by the host. The first claim of a boot wins; the same nonce again gets the same answer.
    package var nonce: String
    package var evidence: Evidence

    /// How the host proves itself. An open type: `none`, `token`, later `tpm-quote`.
    package struct Evidence: Codable, Sendable, Hashable {
        package var type: String
        package var value: String?
        package init(type: String, value: String? = nil) { (self.type, self.value) = (type, value) }
        package static let none = Evidence(type: "none")
    }

    package init(
        contract: Int = ContractVersion.current, boot: String, uuid: String?, macs: [HardwareAddress], nonce: String, evidence: Evidence = .none
    ) {
        (self.contract, self.boot, self.uuid, self.macs, self.nonce, self.evidence) = (contract, boot, uuid, macs, nonce, evidence)
    }
}

/// The answer to a claim.
package struct ClaimGrant: Codable, Sendable, Hashable {
    package var contract: Int
    package var host: String
    package var boot: String
    /// Bound to host and boot; goes into `Authorization: Bearer`.
    package var credential: String
    /// 32 hexadecimal digits, derived from the host id, the same at every boot.
    package var machineID: String

    package init(contract: Int = ContractVersion.current, host: String, boot: String, credential: String, machineID: String) {
        (self.contract, self.host, self.boot, self.credential, self.machineID) = (contract, host, boot, credential, machineID)
    }
}
