import Primitives
import Testing

@Suite("Addresses parse, print and compare")
struct AddressTests {
    @Test(
        "hardware addresses parse in three forms and print in one",
        arguments: [
            ("52:54:00:12:34:56", "52:54:00:12:34:56"), ("52-54-00-AB-CD-EF", "52:54:00:ab:cd:ef"), ("525400abcdef", "52:54:00:ab:cd:ef"),
            ("00:00:00:00:00:00", "00:00:00:00:00:00"), ("FF:FF:FF:FF:FF:FF", "ff:ff:ff:ff:ff:ff"),
        ])
    func hardwareAddress(text: String, printed: String) throws {
        let address = try #require(HardwareAddress(text))
        #expect(address.description == printed)
        #expect(HardwareAddress(address.description) == address)
        #expect(HardwareAddress(bytes: address.bytes) == address)
        #expect(address.hyphenated.split(separator: "-").count == 6)
        #expect(HardwareAddress(address.hyphenated) == address)
    }

    @Test(
        "what is no hardware address does not parse",
        arguments: [
            "", "52:54:00:12:34", "52:54:00:12:34:56:78", "52:54:00-12:34:56", "52:54:00:12:34:5g", "5254:0012:3456", "52540012345",
            "52:54:00:12:34:56 ",
            ":5:54:00:12:34:56", "52.54.00.12.34.56", "５２:54:00:12:34:56", "52:54:00:12:34:5é",
        ])
    func noHardwareAddress(text: String) { #expect(HardwareAddress(text) == nil) }

    @Test("only six bytes make a hardware address", arguments: [0, 1, 5, 7, 16])
    func byteCount(count: Int) { #expect(HardwareAddress(bytes: [UInt8](repeating: 1, count: count)) == nil) }

    @Test("a value above 48 bits is cut to them") func cut() { #expect(HardwareAddress(value: .max).description == "ff:ff:ff:ff:ff:ff") }

    @Test(
        "group addresses are told from others",
        arguments: [("01:00:5e:00:00:01", true), ("ff:ff:ff:ff:ff:ff", true), ("52:54:00:00:00:01", false)])
    func group(text: String, isGroup: Bool) { #expect(HardwareAddress(text)?.isGroup == isGroup) }

    @Test("IPv4 addresses print as they parse", arguments: ["0.0.0.0", "10.0.0.1", "192.168.255.254", "255.255.255.255"])
    func address(text: String) throws {
        let address = try #require(IPv4Address(text))
        #expect(address.description == text)
        #expect(IPv4Address(bytes: address.bytes) == address)
    }

    @Test(
        "what is no IPv4 address does not parse",
        arguments: [
            "", "10.0.0", "10.0.0.0.1", "10.0.0.256", "10.0.0.01", "10.0.0.-1", "10.0.0.1 ", "10..0.1", "0x0a.0.0.1", "10.0.0.1/24",
            "999.0.0.1", "10.0.0.٣",
        ])
    func noAddress(text: String) { #expect(IPv4Address(text) == nil) }

    @Test("advancing stops at the last address")
    func advance() {
        #expect(IPv4Address(10, 0, 0, 255).advanced(by: 1) == IPv4Address(10, 0, 1, 0))
        #expect(IPv4Address.broadcast.advanced(by: 0) == .broadcast)
        #expect(IPv4Address.broadcast.advanced(by: 1) == nil)
        #expect(IPv4Address(255, 255, 255, 0).advanced(by: .max) == nil)
    }

    @Test("addresses order by number, not by text") func order() throws {
        #expect(try #require(IPv4Address("9.0.0.0")) < #require(IPv4Address("10.0.0.0")))
    }
}
