import DHCPWire
import Primitives
import Testing

@Suite("The stage of network boot is told from options 60, 77, 93 and 175")
struct BootClientTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var vendorClass: String?
        var userClass: [UInt8]?
        var architectures: [UInt8]?
        var ipxe: [UInt8]?
        let kind: BootClient.Kind?
        var architecture: ClientArchitecture?
    }

    @Test(
        "classification",
        arguments: [
            Row(testDescription: "an installed system", vendorClass: "systemd", kind: nil),
            Row(testDescription: "nothing at all", kind: nil),
            Row(
                testDescription: "PXE", vendorClass: "PXEClient:Arch:00007:UNDI:003000", architectures: [0, 7], kind: .pxe,
                architecture: .x64UEFI),
            Row(
                testDescription: "option 93 before option 60", vendorClass: "PXEClient:Arch:00000:UNDI:002001",
                architectures: [0, 9, 0, 7], kind: .pxe, architecture: .efiByteCode),
            Row(testDescription: "93 missing", vendorClass: "PXEClient:Arch:00007:UNDI:003000", kind: .pxe, architecture: .x64UEFI),
            Row(
                testDescription: "93 of odd length", vendorClass: "HTTPClient:Arch:00016:UNDI:003001", architectures: [0, 7, 0],
                kind: .http, architecture: .x64UEFIHTTP),
            Row(
                testDescription: "an architecture nobody knows", vendorClass: "PXEClient:Arch:65535", kind: .pxe,
                architecture: ClientArchitecture(rawValue: 65535)),
            Row(testDescription: "an architecture that is no number", vendorClass: "PXEClient:Arch:0000x:UNDI", kind: .pxe),
            Row(testDescription: "an architecture out of range", vendorClass: "PXEClient:Arch:65536:UNDI", kind: .pxe),
            Row(testDescription: "a bare PXEClient is not taken for a BIOS", vendorClass: "PXEClient", kind: .pxe),
            Row(
                testDescription: "iPXE by bare user class", vendorClass: "PXEClient:Arch:00000:UNDI:002001", userClass: Array("iPXE".utf8),
                architectures: [0, 0], kind: .ipxe, architecture: .x86BIOS),
            Row(
                testDescription: "iPXE by counted user class", userClass: [4] + Array("iPXE".utf8), architectures: [0, 11], kind: .ipxe,
                architecture: .arm64UEFI),
            Row(
                testDescription: "iPXE by option 175 before HTTPClient", vendorClass: "HTTPClient:Arch:00016", ipxe: [0x13, 1, 1],
                kind: .ipxe, architecture: .x64UEFIHTTP),
            Row(testDescription: "a broken option 175 is still iPXE", ipxe: [0x13, 9], kind: .ipxe),
            Row(testDescription: "93 alone, for HTTP", architectures: [0, 19], kind: .http, architecture: .arm64UEFIHTTP),
            Row(testDescription: "93 alone", vendorClass: "U-Boot.armv8", architectures: [0, 22], kind: .pxe, architecture: .arm64UBoot),
        ])
    func classification(row: Row) {
        var message = DHCPMessage(operation: .request, transactionID: 1)
        message.vendorClassIdentifier = row.vendorClass
        message.options[.userClass] = row.userClass.map { $0[...] }
        message.options[.clientArchitecture] = row.architectures.map { $0[...] }
        message.options[.ipxeEncapsulated] = row.ipxe.map { $0[...] }
        let client = BootClient(message)
        #expect(client?.kind == row.kind)
        #expect(client?.architecture == row.architecture)
    }

    @Test(
        "user classes in both encodings",
        arguments: [
            (Array("iPXE".utf8), ["iPXE"]),
            ([4] + Array("iPXE".utf8), ["iPXE"]),
            ([1, 97, 2, 98, 99], ["a", "bc"]),
            ([1, 97, 0], ["\u{1}a\u{0}"]),
            ([5, 97], ["\u{5}a"]),
            ([], []),
        ])
    func userClasses(bytes: [UInt8], classes: [String]) {
        var message = DHCPMessage(operation: .request, transactionID: 1)
        message.options.set(.userClass, to: bytes)
        #expect(message.userClasses == classes)
        #expect(message.hasUserClass("iPXE") == classes.contains("iPXE"))
        #expect(!message.hasUserClass(""))
    }

    @Test(
        "architectures say processor, firmware and protocol",
        arguments: [
            (ClientArchitecture.x86BIOS, "x86-bios"), (.x64UEFI, "x64-uefi"), (.efiByteCode, "x64-uefi"), (.x64UEFIHTTP, "x64-uefi-http"),
            (.arm64UEFI, "arm64-uefi"), (.riscv64UEFIHTTP, "riscv64-uefi-http"), (.loongArch64UEFI, "loongArch64-uefi"),
            (ClientArchitecture(rawValue: 999), "architecture 999"),
        ])
    func architectures(architecture: ClientArchitecture, text: String) { #expect(architecture.description == text) }

    @Test("every type of the IANA registry that is not deprecated has a name that leads back to it")
    func registry() {
        let deprecated: Set<UInt16> = [1, 3, 4, 5, 8]
        #expect(ClientArchitecture.named.map(\.rawValue) == (0...41).filter { !deprecated.contains($0) })
        for type in ClientArchitecture.named { #expect(ClientArchitecture.types(named: type.description).contains(type)) }
        #expect(ClientArchitecture.types(named: "x64-uefi") == [.x64UEFI, .efiByteCode])
        #expect(ClientArchitecture.types(named: "architecture 1").isEmpty)
    }

    @Test("the types that the registry has for HTTP are clients of HTTP, with option 60 and without", arguments: ClientArchitecture.named)
    func http(architecture: ClientArchitecture) {
        let http: Set<UInt16> = [15, 16, 17, 18, 19, 20, 23, 24, 26, 28, 30, 38, 40]
        #expect(architecture.loadsByHTTP == http.contains(architecture.rawValue))
        var message = DHCPMessage(operation: .request, transactionID: 1)
        message.clientArchitectures = [architecture]
        #expect(BootClient(message)?.kind == (architecture.loadsByHTTP ? .http : .pxe))
        let name = architecture.loadsByHTTP ? "HTTPClient" : "PXEClient"
        message.vendorClassIdentifier = "\(name):Arch:\(String(100_000 + Int(architecture.rawValue)).dropFirst()):UNDI:003001"
        message.clientArchitectures = []
        let client = BootClient(message)
        #expect(client?.kind == (architecture.loadsByHTTP ? .http : .pxe) && client?.architecture == architecture)
        #expect(client?.vendorClass == message.vendorClassIdentifier)
    }
}
