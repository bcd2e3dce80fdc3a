import DHCPWire
import Primitives
import Testing

@Suite("Options in words")
struct OptionDescriptionTests {
    static let rows: [(code: UInt8, bytes: [UInt8], name: String, text: String)] = [
        (3, [10, 0, 0, 1, 10, 0, 0, 2], "router", "10.0.0.1, 10.0.0.2"), (3, [10, 0, 0], "router", "0a0000"),
        (12, Array("h1".utf8), "host name", "h1"),
        (12, [104, 27, 91], "host name", "681b5b"), (51, [0, 0, 14, 16], "lease time", "3600"), (51, [], "lease time", ""),
        (51, [1, 2, 3, 4, 5], "lease time", "0102030405"), (55, [1, 3, 67], "asks for", "1, 3, 67"),
        (67, Array("a.efi".utf8) + [0], "boot file", "a.efi"),
        (93, [0, 7], "architecture", "7"), (80, [], "rapid commit", "yes"), (224, [255], "option 224", "ff"),
    ]

    @Test("have a name and a value, and what does not have its code's shape is hexadecimal", arguments: rows)
    func description(row: (code: UInt8, bytes: [UInt8], name: String, text: String)) {
        var options = DHCPOptions()
        options.set(DHCPOptionCode(row.code), to: row.bytes)
        #expect(DHCPOptionCode(row.code).name == row.name)
        #expect(options.description(of: DHCPOptionCode(row.code)) == row.text)
    }

    @Test("of every fixture and every beginning of it are printable", arguments: Fixture.names)
    func printable(name: String) throws {
        let message = try Fixture.message(name)
        for code in message.options.codes {
            #expect(message.options.description(of: code).utf8.allSatisfy { (32...126).contains($0) })
            var cut = DHCPOptions()
            let bytes = message.options[code] ?? []
            for length in 0...bytes.count {
                cut.set(code, to: bytes.prefix(length))
                #expect(cut.description(of: code).utf8.allSatisfy { (32...126).contains($0) })
            }
        }
    }
}
