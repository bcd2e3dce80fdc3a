import Foundation
import Primitives
import Testing

@Suite("UUIDs, digests and hexadecimal text")
struct IdentifierTests {
    static let text = "11223344-5566-7788-99aa-bbccddeeff00"

    @Test("a UUID parses in either case and prints in lower case")
    func uuid() throws {
        let uuid = try #require(UniversalUniqueIdentifier(Self.text.uppercased()))
        #expect(uuid.description == Self.text)
        #expect(uuid.high == 0x1122_3344_5566_7788)
        #expect(uuid.low == 0x99aa_bbcc_ddee_ff00)
        #expect(UniversalUniqueIdentifier(bytes: uuid.bytes) == uuid)
    }

    @Test("firmware's byte order swaps the first three fields and back")
    func littleEndian() throws {
        let uuid = try #require(UniversalUniqueIdentifier(Self.text))
        #expect(Hexadecimal.encode(uuid.littleEndianFields) == "443322116655887799aabbccddeeff00")
        #expect(UniversalUniqueIdentifier(littleEndianFields: uuid.littleEndianFields) == uuid)
    }

    @Test(
        "what is no UUID does not parse",
        arguments: [
            "", "11223344-5566-7788-99aa-bbccddeeff0", "11223344-5566-7788-99aa-bbccddeeff000", "11223344556677889 9aabbccddeeff00",
            "1122334-45566-7788-99aa-bbccddeeff00",
            "{1223344-5566-7788-99aa-bbccddeeff0}", "11223344-5566-7788-99aa-bbccddeefg00",
        ])
    func noUUID(text: String) { #expect(UniversalUniqueIdentifier(text) == nil) }

    @Test("only sixteen bytes make a UUID", arguments: [0, 15, 17])
    func byteCount(count: Int) {
        #expect(UniversalUniqueIdentifier(bytes: [UInt8](repeating: 1, count: count)) == nil)
        #expect(UniversalUniqueIdentifier(littleEndianFields: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("all zero and all one are unset", arguments: [(UInt64(0), UInt64(0), true), (.max, .max, true), (0, 1, false), (.max, 0, false)])
    func unset(high: UInt64, low: UInt64, isUnset: Bool) { #expect(UniversalUniqueIdentifier(high: high, low: low).isUnset == isUnset) }

    @Test("a digest needs its algorithm and 64 digits")
    func digest() throws {
        let digits = String(repeating: "0123456789abcdef", count: 4)
        let digest = try #require(Digest("sha256:\(digits)"))
        #expect(digest.description == "sha256:\(digits)")
        #expect(digest.short == "0123456789ab")
        #expect(Digest("sha256:\(digits.uppercased())") == digest)
        for wrong in [
            digits, "sha512:\(digits)", "SHA256:\(digits)", "sha256:\(digits.dropLast())", "sha256:\(digits)0",
            "sha256:\(digits.dropLast())g",
        ] {
            #expect(Digest(wrong) == nil, "\(wrong)")
        }
        #expect(Digest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
    }

    @Test("hexadecimal text round-trips every byte, and odd or foreign digits fail")
    func hexadecimal() {
        let bytes = [UInt8](0...255)
        #expect(Hexadecimal.decode(Array(Hexadecimal.encode(bytes).utf8)) == bytes)
        #expect(Hexadecimal.decode(Array("".utf8)) == [])
        for wrong in ["0", "000", "0g", "g0", " 0", "0x"] { #expect(Hexadecimal.decode(Array(wrong.utf8)) == nil, "\(wrong)") }
    }

    @Test("random tokens come from the generator that is given, in the base 32 alphabet")
    func tokens() {
        var (a, b) = (Counter(), Counter())
        let token = RandomToken.make(count: 200, using: &a)
        #expect(token == RandomToken.make(count: 200, using: &b))
        #expect(token.utf8.count == 200)
        #expect(token.utf8.allSatisfy { (97...122).contains($0) || (50...55).contains($0) })
        #expect(Set(token).count > 16)
    }

    /// SplitMix64.
    struct Counter: RandomNumberGenerator {
        var state: UInt64 = 7
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
            return z ^ z >> 31
        }
    }

    @Test("each is one string in JSON, and a wrong one says what was expected")
    func json() throws {
        let address = try #require(HardwareAddress("52:54:00:12:34:56"))
        #expect(String(decoding: try JSONEncoder().encode([address]), as: UTF8.self) == "[\"52:54:00:12:34:56\"]")
        #expect(try JSONDecoder().decode([HardwareAddress].self, from: Data("[\"525400123456\"]".utf8)) == [address])
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode([IPv4Address].self, from: Data("[\"10.0.0\"]".utf8)) }
        #expect("\(try #require(error))".contains("an IPv4 address like 10.0.0.1"))
    }
}
