import BootPolicy
import DHCPWire
import Primitives
import Testing

@Suite("Which program each kind of firmware loads")
struct LoaderTableTests {
    static let table = {
        var table = LoaderTable.ipxe
        table.entries = [
            LoaderTable.Entry(architectures: [.arm64UEFI], vendorClass: "PXEClient:Arch:00011:UNDI:003001", file: "arm64-uefi/old.efi"),
            LoaderTable.Entry(architectures: [.arm64UEFI], file: "arm64-uefi/ipxe.efi"),
            LoaderTable.Entry(architectures: [.arm64UEFIHTTP], file: "arm64-uefi-http/ipxe.efi"),
            LoaderTable.Entry(architectures: [.efiByteCode], file: "architecture-9/ours.efi"),
            LoaderTable.Entry(architectures: [.riscv64UEFI], file: nil),
        ]
        return table
    }()

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var vendorClass: String?
        var architecture: UInt16?
        var isIPXE = false
        var expected: BootDirections
    }

    static func tftp(_ file: String) -> BootDirections { .tftp(file: file, server: servers.tftp) }

    static let rows = [
        Row(testDescription: "ARM64 UEFI", vendorClass: "PXEClient:Arch:00011:UNDI:003000", architecture: 11, expected: tftp("arm64-uefi/ipxe.efi")),
        Row(testDescription: "ARM64 without option 93", vendorClass: "PXEClient:Arch:00011", expected: tftp("arm64-uefi/ipxe.efi")),
        Row(
            testDescription: "ARM64 of a vendor class", vendorClass: "PXEClient:Arch:00011:UNDI:003001", architecture: 11,
            expected: tftp("arm64-uefi/old.efi")),
        Row(
            testDescription: "ARM64 HTTP", vendorClass: "HTTPClient:Arch:00019:UNDI:003000", architecture: 19,
            expected: .http(url: "http://10.0.0.1:8080/boot-files/arm64-uefi-http/ipxe.efi")),
        Row(testDescription: "a document before the built-in table", architecture: 9, expected: tftp("architecture-9/ours.efi")),
        Row(testDescription: "the built-in table for all else", architecture: 7, expected: tftp("snponly.efi")),
        Row(testDescription: "a lost program", architecture: 27, expected: .refused(.loaderMissing)),
        Row(testDescription: "nothing for ARM32", vendorClass: "PXEClient:Arch:00010", architecture: 10, expected: .refused(.unknownArchitecture)),
        Row(testDescription: "nothing for a BIOS by HTTP", architecture: 20, expected: .refused(.unknownArchitecture)),
        Row(testDescription: "no architecture", vendorClass: "PXEClient", expected: .refused(.missingArchitecture)),
        Row(
            testDescription: "iPXE is given its script", architecture: 11, isIPXE: true,
            expected: .script(url: "http://10.0.0.1:8080/boot.ipxe?mac=52:54:00:12:34:56")),
    ]

    @Test("the first entry that fits counts, then the built-in table", arguments: rows)
    func table(row: Row) {
        let message = message(vendorClass: row.vendorClass, architecture: row.architecture, isIPXE: row.isIPXE, uuid: nil)
        #expect(BootDirections(for: BootClient(message), hardwareAddress: bootingNIC, servers: servers, loaders: Self.table) == row.expected)
    }

    @Test("a client of HTTP has HTTPClient in its answer, and one of PXE the server's address", arguments: [UInt16(11), 19])
    func answer(architecture: UInt16) throws {
        let name = architecture == 19 ? "HTTPClient" : "PXEClient"
        let message = message(vendorClass: "\(name):Arch:000\(architecture):UNDI:003000", architecture: architecture)
        let (reply, _, refusal) = try replied(to: message, policy: ReplyPolicy(loaders: Self.table))
        #expect(refusal == nil && reply.vendorClassIdentifier == (architecture == 19 ? "HTTPClient" : nil))
        #expect(
            reply.bootFileName == (architecture == 19 ? "http://10.0.0.1:8080/boot-files/arm64-uefi-http/ipxe.efi" : "arm64-uefi/ipxe.efi"))
        #expect(reply.serverAddress == (architecture == 19 ? .any : servers.tftp))
    }

    @Test("other DHCP servers are told of what is added for every vendor class, and of nothing that is lost")
    func snippet() {
        #expect(Self.table.added == [11: "arm64-uefi/ipxe.efi", 19: "arm64-uefi-http/ipxe.efi", 9: "architecture-9/ours.efi"])
        let elsewhere = LoaderTable.ipxe.adding(Self.table.added)
        #expect(elsewhere.architectures == Self.table.architectures)
        #expect(BootClass.all(loaders: elsewhere, servers: servers) == BootClass.all(loaders: Self.table, servers: servers))
        let text = DHCPSnippet(loaders: elsewhere, servers: servers).text(for: .dnsmasq)
        #expect(text.contains("arm64-uefi/ipxe.efi") && text.contains("architecture-9/ours.efi") && !text.contains("riscv64"))
    }

    @Test("a refusal that a document would end says so")
    func advice() {
        #expect(DHCPRefusal.unknownArchitecture.advice?.contains("loaders of the BootServer document") == true)
        #expect(DHCPRefusal.loaderMissing.advice?.contains("BootServer document") == true)
        #expect(DHCPRefusal.missingArchitecture.advice == nil)
    }
}

@Suite("What a boot program says of itself")
struct BootProgramTests {
    /// A PE header and nothing behind it.
    static func program(_ machine: UInt16, at offset: UInt8 = 0x40) -> [UInt8] {
        var bytes = Array("MZ".utf8) + [UInt8](repeating: 0, count: 62)
        bytes[0x3c] = offset
        return bytes + [UInt8](repeating: 0, count: max(0, Int(offset) - 64)) + [0x50, 0x45, 0, 0, UInt8(machine & 255), UInt8(machine >> 8)]
    }

    @Test(
        "UEFI takes programs of its own machine type, whatever is loaded how",
        arguments: [
            (ClientArchitecture.arm64UEFI, 0xaa64), (.arm64UEFIHTTP, 0xaa64), (.x64UEFI, 0x8664), (.efiByteCode, 0x0ebc), (.x86UEFI, 0x014c),
            (.arm32UEFI, 0x01c2), (.riscv64UEFIHTTP, 0x5064), (.loongArch64UEFI, 0x6264), (.mips64UEFI, 0x0166),
        ] as [(ClientArchitecture, UInt16)])
    func fits(architecture: ClientArchitecture, machine: UInt16) {
        #expect(BootProgram.obstacle(to: Self.program(machine, at: 0x80), on: architecture) == nil)
    }

    @Test("UEFI is given no program of another processor, and nothing that is no program")
    func doesNotFit() {
        let other = BootProgram.obstacle(to: Self.program(0x8664), on: .arm64UEFI)
        #expect(other == "it is a program for another processor (PE machine type 0x8664) than arm64")
        let none = "it is no program for UEFI (a PE file)"
        var far = Self.program(0xaa64)
        far.replaceSubrange(0x3c..<0x40, with: [255, 255, 255, 255])
        for bytes in [[], Array("MZ".utf8), Array("#!ipxe\n".utf8), far, Self.program(0xaa64).dropLast()] {
            #expect(BootProgram.obstacle(to: Array(bytes), on: .arm64UEFI) == none)
        }
    }

    @Test("a BIOS runs what it is given, and so may what nobody knows", arguments: [0, 21, 41, 999] as [UInt16])
    func others(architecture: UInt16) {
        #expect(BootProgram.obstacle(to: [1], on: ClientArchitecture(rawValue: architecture)) == nil)
    }
}
