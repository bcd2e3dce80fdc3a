/// The command TPM2_PCR_Extend (TPM 2.0 Library, part 3, section 22.2), authorized by an empty password, as every register that an operating system may
/// extend is: each named bank's register becomes the hash of what it holds and the digest, one after the other.
package struct PCRExtend: Sendable, Hashable {
    /// Of one bank: a value of its algorithm's length.
    package struct BankDigest: Sendable, Hashable {
        package var algorithm: TPMAlgorithm
        package var digest: [UInt8]
        package init(_ algorithm: TPMAlgorithm, _ digest: [UInt8]) { (self.algorithm, self.digest) = (algorithm, digest) }
    }

    /// 0 to 23.
    package var register: UInt8
    package var digests: [BankDigest]

    package init(register: UInt8, digests: [BankDigest]) { (self.register, self.digests) = (register, digests) }

    /// TPM_CC_PCR_Extend (part 2, section 6.5.2).
    private static let commandCode: UInt32 = 0x0000_0182
    /// TPM_RS_PW (part 2, section 7.4): the password is in the command.
    private static let passwordSession: UInt32 = 0x4000_0009
    /// TPMA_SESSION.continueSession (part 2, section 8.4).
    private static let continueSession: UInt8 = 0x01

    /// All integers big-endian (part 1, annex on canonical form).
    package var bytes: [UInt8] {
        var body: [UInt8] = []
        body.append(big: UInt32(register))
        // TPMS_AUTH_COMMAND (part 2, section 10.13.2): handle, empty nonce, attributes, empty password; its size first.
        body.append(big: UInt32(9))
        body.append(big: Self.passwordSession)
        body.append(big: UInt16(0))
        body.append(Self.continueSession)
        body.append(big: UInt16(0))
        // TPML_DIGEST_VALUES (part 2, section 10.9.6).
        body.append(big: UInt32(truncatingIfNeeded: digests.count))
        for bank in digests {
            body.append(big: bank.algorithm.rawValue)
            body += bank.digest
        }
        var command: [UInt8] = []
        command.append(big: TPMResponse.withSessions)
        command.append(big: UInt32(truncatingIfNeeded: TPMResponse.headerBytes + body.count))
        command.append(big: Self.commandCode)
        return command + body
    }
}

/// TPM_ALG_ID (part 2, section 6.3), of hashes.
package struct TPMAlgorithm: RawRepresentable, Sendable, Hashable {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let sha1 = TPMAlgorithm(rawValue: 0x0004)
    package static let sha256 = TPMAlgorithm(rawValue: 0x000b)
    package static let sha384 = TPMAlgorithm(rawValue: 0x000c)
    package static let sha512 = TPMAlgorithm(rawValue: 0x000d)
}

extension [UInt8] {
    fileprivate mutating func append(big value: some FixedWidthInteger) { Swift.withUnsafeBytes(of: value.bigEndian) { self += $0 } }
}
