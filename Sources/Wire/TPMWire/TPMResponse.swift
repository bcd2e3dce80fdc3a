/// What a TPM answers: a header, and after a success what the command returns (TPM 2.0 Library, part 1, section 18; part 3, section 5.2).
package struct TPMResponse: Sendable, Hashable {
    package enum Malformation: Error, Sendable, Hashable {
        case truncated(field: String, needed: Int, remaining: Int)
        /// The size in the header is another than that of what came.
        case wrongSize(stated: UInt32, actual: Int)
        /// Neither TPM_ST_SESSIONS nor TPM_ST_NO_SESSIONS.
        case unknownTag(UInt16)
    }

    /// TPM_RC (part 2, section 6.6); 0 is success.
    package var code: UInt32
    /// Behind the header.
    package var body: [UInt8]

    package var isSuccess: Bool { code == 0 }

    static let headerBytes = 10
    /// TPM_ST_SESSIONS, TPM_ST_NO_SESSIONS (part 2, section 6.9).
    static let withSessions: UInt16 = 0x8002
    private static let withoutSessions: UInt16 = 0x8001

    package init(_ bytes: [UInt8]) throws(Malformation) {
        guard bytes.count >= Self.headerBytes else {
            throw .truncated(field: "header", needed: Self.headerBytes, remaining: bytes.count)
        }
        let tag = UInt16(Self.big(bytes[0..<2]))
        guard tag == Self.withSessions || tag == Self.withoutSessions else { throw .unknownTag(tag) }
        let size = Self.big(bytes[2..<6])
        guard size == bytes.count else { throw .wrongSize(stated: size, actual: bytes.count) }
        code = Self.big(bytes[6..<10])
        body = Array(bytes[10...])
    }

    /// At most four bytes.
    private static func big(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
