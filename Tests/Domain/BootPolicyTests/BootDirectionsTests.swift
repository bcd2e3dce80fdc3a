import AddressPlan
import BootPolicy
import DHCPWire
import Primitives
import Testing

@Suite struct BootDirectionsTests {
    struct Client: CustomTestStringConvertible, Sendable {
        let name: String
        let message: DHCPMessage
        let file: String?
        var option60: String?
        var serverAddress = IPv4Address.any
        var refusal: DHCPRefusal?
        var testDescription: String { name }
    }

    static let tftp = servers.tftp
    static let script = "http://10.0.0.1:8080/boot.ipxe?mac=52:54:00:12:34:56"
    static let uuid = "&uuid=11223344-5566-7788-99aa-bbccddeeff00"
    static let loader = "http://10.0.0.1:8080/boot-files/snponly.efi"
    static let clients = [
        Client(
            name: "BIOS PXE ROM", message: message(vendorClass: "PXEClient:Arch:00000:UNDI:002001", architecture: 0),
            file: "undionly.kpxe", serverAddress: tftp),
        Client(
            name: "UEFI PXE", message: message(vendorClass: "PXEClient:Arch:00007:UNDI:003000", architecture: 7),
            file: "snponly.efi", serverAddress: tftp),
        Client(
            name: "UEFI PXE that says type 9", message: message(vendorClass: "PXEClient", architecture: 9), file: "snponly.efi",
            serverAddress: tftp),
        Client(
            name: "UEFI PXE without option 93", message: message(vendorClass: "PXEClient:Arch:00007:UNDI:003000"),
            file: "snponly.efi", serverAddress: tftp),
        Client(
            name: "UEFI HTTP", message: message(vendorClass: "HTTPClient:Arch:00016:UNDI:003000", architecture: 16),
            file: loader, option60: "HTTPClient"),
        Client(
            name: "iPXE in a BIOS ROM", message: message(vendorClass: "PXEClient:Arch:00000:UNDI:002001", architecture: 0, isIPXE: true),
            file: script + uuid),
        Client(
            name: "iPXE loaded by UEFI HTTP says PXEClient", message: message(vendorClass: "PXEClient", architecture: 7, isIPXE: true),
            file: script + uuid),
        Client(
            name: "iPXE on a machine without a UUID",
            message: message(vendorClass: "PXEClient", architecture: 7, isIPXE: true, uuid: .init(high: 0, low: 0)), file: script),
        Client(
            name: "iPXE of an architecture we have no loader for", message: message(architecture: 27, isIPXE: true), file: script + uuid),
        Client(
            name: "iPXE in a ROM without HTTP", message: message(architecture: 0, isIPXE: true, features: [0x15, 1, 1]),
            file: "undionly.kpxe", serverAddress: tftp),
        Client(name: "iPXE that lists no features", message: message(architecture: 0, isIPXE: true, features: []), file: script + uuid),
        Client(
            name: "ARM64 UEFI", message: message(vendorClass: "PXEClient:Arch:00011:UNDI:003000", architecture: 11), file: "ipxe-arm64.efi",
            serverAddress: tftp),
        Client(
            name: "ARM64 UEFI HTTP", message: message(vendorClass: "HTTPClient:Arch:00019:UNDI:003000", architecture: 19),
            file: "http://10.0.0.1:8080/boot-files/ipxe-arm64.efi", option60: "HTTPClient"),
        Client(
            name: "RISC-V UEFI", message: message(vendorClass: "PXEClient:Arch:00027:UNDI:003000", architecture: 27), file: nil,
            refusal: .unknownArchitecture),
        Client(name: "PXE of no architecture", message: message(vendorClass: "PXEClient"), file: nil, refusal: .missingArchitecture),
        Client(name: "running system", message: message(vendorClass: "dhcpcd-9.4.1", uuid: nil), file: nil),
    ]

    @Test("Each client is given what its firmware demands", arguments: clients)
    func directions(_ client: Client) throws {
        for decision in [LeaseDecision.offered(lease()), .granted(lease())] {
            let (reply, _, refusal) = try replied(to: client.message, decision: decision)
            #expect(reply.bootFileName == client.file)
            #expect(reply.vendorClassIdentifier == client.option60)
            #expect(reply.serverAddress == client.serverAddress)
            #expect(refusal == client.refusal)
            #expect(reply.yourAddress == leasedAddress, "an address in any case")
        }
    }

    @Test("Names stand in the header too, and end in a NUL in the options", arguments: clients.filter { $0.file != nil })
    func names(_ client: Client) throws {
        let (reply, _, _) = try replied(to: client.message)
        let file = try #require(client.file)
        #expect(reply.options[.bootFileName].map(Array.init) == Array(file.utf8) + [0])
        #expect(reply.bootFile == Array(file.utf8))
        if !client.serverAddress.isAny { #expect(reply.options[.tftpServerName].map(Array.init) == Array("10.0.0.1".utf8) + [0]) }
    }

    @Test("iPXE is spared its wait for proxyDHCP, and nobody else is sent its options")
    func withoutProxy() throws {
        #expect(try replied(to: message(architecture: 0, isIPXE: true)).reply.options[.ipxeEncapsulated].map(Array.init) == [0xb0, 1, 1])
        #expect(try replied(to: message(vendorClass: "PXEClient", architecture: 0)).reply.options[.ipxeEncapsulated] == nil)
    }

    @Test("No reply says PXEClient: OVMF refuses that without option 43")
    func neverPXEClient() throws {
        for client in Self.clients { #expect(try replied(to: client.message).reply.vendorClassIdentifier != "PXEClient") }
    }

    @Test("A TFTP server elsewhere is named in siaddr and option 66, and port 80 is not spelled out")
    func elsewhere() throws {
        let elsewhere = ServerAddresses(
            identifier: .init(10, 0, 0, 1), tftp: .init(10, 0, 0, 7), http: .init(10, 0, 0, 8), httpPort: 80)
        let pxe = BootDirections(for: BootClient(message(architecture: 7)), hardwareAddress: bootingNIC, servers: elsewhere, loaders: .ipxe)
        #expect(pxe == .tftp(file: "snponly.efi", server: .init(10, 0, 0, 7)))
        let http = BootDirections(
            for: BootClient(message(architecture: 16)), hardwareAddress: bootingNIC, servers: elsewhere, loaders: .ipxe)
        #expect(http == .http(url: "http://10.0.0.8/boot-files/snponly.efi"))
    }
}
