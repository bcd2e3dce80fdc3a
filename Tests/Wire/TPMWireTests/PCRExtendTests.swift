import TPMWire
import Testing

@Suite("Extending a register of a TPM")
struct PCRExtendTests {
    /// TPM 2.0 Library, part 3, table of TPM2_PCR_Extend, field by field.
    @Test("the command is the specification's, byte for byte")
    func command() {
        let digest = Array(UInt8(1)...32)
        let expected: [UInt8] =
            [
                0x80, 0x02,  // TPM_ST_SESSIONS
                0, 0, 0, 0x41,  // commandSize: 65
                0, 0, 0x01, 0x82,  // TPM_CC_PCR_Extend
                0, 0, 0, 15,  // pcrHandle
                0, 0, 0, 9,  // authorizationSize
                0x40, 0, 0, 0x09, 0, 0, 1, 0, 0,  // TPM_RS_PW, no nonce, continueSession, no password
                0, 0, 0, 1,  // one digest
                0, 0x0b,  // TPM_ALG_SHA256
            ] + digest
        #expect(PCRExtend(register: 15, digests: [.init(.sha256, digest)]).bytes == expected)
    }

    @Test("each bank has its own digest, of its own length, behind its algorithm")
    func banks() {
        let bytes = PCRExtend(
            register: 23,
            digests: [
                .init(.sha1, .init(repeating: 1, count: 20)), .init(.sha256, .init(repeating: 2, count: 32)),
                .init(.sha384, .init(repeating: 3, count: 48)), .init(.sha512, .init(repeating: 4, count: 64)),
            ]
        ).bytes
        #expect(bytes.count == 31 + 22 + 34 + 50 + 66)
        #expect(Array(bytes[2..<6]) == [0, 0, 0, UInt8(bytes.count)])
        #expect(bytes[13] == 23 && Array(bytes[27..<31]) == [0, 0, 0, 4])
        #expect([31, 53, 87, 137].map { Array(bytes[$0..<$0 + 3]) } == [[0, 4, 1], [0, 0x0b, 2], [0, 0x0c, 3], [0, 0x0d, 4]])
    }

    /// What a TPM answers to it: no parameters, and the acknowledgement of the session (TPMS_AUTH_RESPONSE).
    static let success: [UInt8] = [0x80, 0x02, 0, 0, 0, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]

    @Test("a success and a refusal are told apart, and a code that nobody knows survives")
    func answers() throws {
        let done = try TPMResponse(Self.success)
        #expect(done.isSuccess && done.body == Array(Self.success[10...]))
        // TPM_RC_LOCALITY, without a session.
        let refused = try TPMResponse([0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x09, 0x07])
        #expect(!refused.isSuccess && refused.code == 0x907 && refused.body.isEmpty)
        #expect(try TPMResponse([0x80, 0x01, 0, 0, 0, 10, 0xff, 0xff, 0xff, 0xff]).code == .max)
    }

    @Test("no prefix of an answer is one", arguments: 0..<success.count)
    func truncated(count: Int) {
        let error = #expect(throws: TPMResponse.Malformation.self) { try TPMResponse(Array(Self.success.prefix(count))) }
        if count < 10 {
            #expect(error == .truncated(field: "header", needed: 10, remaining: count))
        } else {
            #expect(error == .wrongSize(stated: 19, actual: count))
        }
    }

    @Test(
        "a length that is not so, and a tag that nobody knows, are refused by name",
        arguments: [
            ([0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], TPMResponse.Malformation.wrongSize(stated: .max, actual: 10)),
            ([0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0], .wrongSize(stated: 0, actual: 10)), ([0, 0xc4, 0, 0, 0, 10, 0, 0, 0, 0], .unknownTag(0xc4)),
        ] as [([UInt8], TPMResponse.Malformation)])
    func malformed(bytes: [UInt8], malformation: TPMResponse.Malformation) {
        #expect(throws: malformation) { try TPMResponse(bytes) }
    }
}
