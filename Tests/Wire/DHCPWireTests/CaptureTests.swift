import DHCPWire
import Primitives
import Testing

@Suite("What real firmware sends decodes to what it meant")
struct CaptureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let transactionID: UInt32
        let seconds: UInt16
        let broadcast: Bool
        let hardwareAddress: String
        let type: DHCPMessageType
        let kind: BootClient.Kind
        let architecture: ClientArchitecture
        var vendorClass: String
        var requested: String?
        var maximumSize: UInt16 = 1472
        var parameters = 23
        var identifier: String?

        var testDescription: String { name }
    }

    static let uuid = "11223344-5566-7788-99aa-bbccddeeff00"
    static let rows = [
        Row(
            name: "ipxe-bios-virtio.DISCOVER", transactionID: 0x881c_2536, seconds: 4, broadcast: false,
            hardwareAddress: "52:54:00:77:00:00", type: .discover, kind: .ipxe, architecture: .x86BIOS,
            vendorClass: "PXEClient:Arch:00000:UNDI:002001"),
        Row(
            name: "ipxe-bios-virtio.REQUEST", transactionID: 0x881c_2536, seconds: 18, broadcast: false,
            hardwareAddress: "52:54:00:77:00:00", type: .request, kind: .ipxe, architecture: .x86BIOS,
            vendorClass: "PXEClient:Arch:00000:UNDI:002001", requested: "10.77.0.151"),
        Row(
            name: "ipxe-efi-debian-tftp.DISCOVER", transactionID: 0x6dda_9077, seconds: 4, broadcast: false,
            hardwareAddress: "52:54:00:77:00:11", type: .discover, kind: .ipxe, architecture: .x64UEFI,
            vendorClass: "PXEClient:Arch:00007:UNDI:003010"),
        Row(
            name: "ipxe-efi-debian-tftp.REQUEST", transactionID: 0x6dda_9077, seconds: 18, broadcast: false,
            hardwareAddress: "52:54:00:77:00:11", type: .request, kind: .ipxe, architecture: .x64UEFI,
            vendorClass: "PXEClient:Arch:00007:UNDI:003010", requested: "10.77.0.168"),
        Row(
            name: "ovmf-http4-uuid.DISCOVER", transactionID: 0xcd9d_1cf8, seconds: 0, broadcast: true,
            hardwareAddress: "52:54:00:77:00:28", type: .discover, kind: .http, architecture: .x64UEFIHTTP,
            vendorClass: "HTTPClient:Arch:00016:UNDI:003000", parameters: 27, identifier: uuid),
        Row(
            name: "ovmf-http4.DISCOVER", transactionID: 0xdccd_b4de, seconds: 0, broadcast: true,
            hardwareAddress: "52:54:00:77:00:11", type: .discover, kind: .http, architecture: .x64UEFIHTTP,
            vendorClass: "HTTPClient:Arch:00016:UNDI:003000", parameters: 27),
        Row(
            name: "ovmf-http4.REQUEST", transactionID: 0xdccd_b4de, seconds: 0, broadcast: true,
            hardwareAddress: "52:54:00:77:00:11", type: .request, kind: .http, architecture: .x64UEFIHTTP,
            vendorClass: "HTTPClient:Arch:00016:UNDI:003000", requested: "10.77.0.168", parameters: 27),
        Row(
            name: "ovmf-pxe4-uuid.DISCOVER", transactionID: 0xcd9d_1cf5, seconds: 0, broadcast: true,
            hardwareAddress: "52:54:00:77:00:28", type: .discover, kind: .pxe, architecture: .x64UEFI,
            vendorClass: "PXEClient:Arch:00007:UNDI:003000", parameters: 35, identifier: uuid),
        Row(
            name: "ovmf-pxe4.DISCOVER", transactionID: 0xfa3f_525a, seconds: 0, broadcast: true,
            hardwareAddress: "52:54:00:77:00:11", type: .discover, kind: .pxe, architecture: .x64UEFI,
            vendorClass: "PXEClient:Arch:00007:UNDI:003000", parameters: 35),
        Row(
            name: "ovmf-pxe4.REQUEST", transactionID: 0xfa3f_525a, seconds: 0, broadcast: true,
            hardwareAddress: "52:54:00:77:00:11", type: .request, kind: .pxe, architecture: .x64UEFI,
            vendorClass: "PXEClient:Arch:00007:UNDI:003000", requested: "10.77.0.168", maximumSize: 0xff00, parameters: 35),
        Row(
            name: "snponly-efi-uuid.DISCOVER", transactionID: 0x02b1_d971, seconds: 4, broadcast: false,
            hardwareAddress: "52:54:00:77:00:31", type: .discover, kind: .ipxe, architecture: .x64UEFI,
            vendorClass: "PXEClient:Arch:00007:UNDI:003010", identifier: uuid),
        Row(
            name: "snponly-efi-uuid.REQUEST", transactionID: 0x02b1_d971, seconds: 18, broadcast: false,
            hardwareAddress: "52:54:00:77:00:31", type: .request, kind: .ipxe, architecture: .x64UEFI,
            vendorClass: "PXEClient:Arch:00007:UNDI:003010", requested: "10.77.0.149", identifier: uuid),
    ]

    @Test("every capture has a row")
    func complete() { #expect(Self.rows.map(\.name) == Fixture.names) }

    @Test("the fixed part reads as captured", arguments: rows)
    func fixedPart(row: Row) throws {
        let message = try Fixture.message(row.name)
        #expect(message.operation == .request)
        #expect(message.hardwareType == 1)
        #expect(message.hops == 0)
        #expect(message.transactionID == row.transactionID)
        #expect(message.seconds == row.seconds)
        #expect(message.wantsBroadcast == row.broadcast)
        #expect(message.hardwareAddress == HardwareAddress(row.hardwareAddress))
        let addresses = [message.clientAddress, message.yourAddress, message.serverAddress, message.relayAddress]
        #expect(addresses == Array(repeating: .any, count: 4))
        #expect(message.serverName.isEmpty)
        #expect(message.bootFile.isEmpty)
    }

    @Test("the options read as captured", arguments: rows)
    func options(row: Row) throws {
        let message = try Fixture.message(row.name)
        #expect(message.messageType == row.type)
        #expect(message.maximumMessageSize == row.maximumSize)
        #expect(message.vendorClassIdentifier == row.vendorClass)
        #expect(message.parameterRequestList.count == row.parameters)
        #expect(message.parameterRequestList.first == .subnetMask)
        #expect(message.clientArchitectures == [row.architecture])
        #expect(message.requestedAddress == row.requested.flatMap { IPv4Address($0) })
        #expect(message.serverIdentifier == (row.requested == nil ? nil : IPv4Address(10, 77, 0, 1)))
        #expect(message.clientNetworkInterface?.type == 1)
        #expect(message.replyCapacity() == (row.maximumSize == 1472 ? 1444 : 1472))
    }

    @Test("the stage of boot is recognised", arguments: rows)
    func bootClient(row: Row) throws {
        let message = try Fixture.message(row.name)
        let client = try #require(BootClient(message))
        #expect(client.kind == row.kind)
        #expect(client.architecture == row.architecture)
        #expect(client.machineIdentifier?.description == row.identifier)
        #expect(message.clientMachineIdentifier != nil, "all zero is ordinary input")
        #expect((client.ipxe != nil) == (row.kind == .ipxe))
        #expect(message.userClasses == (row.kind == .ipxe ? ["iPXE"] : []))
        let identifier = row.kind == .ipxe ? try [1] + #require(message.hardwareAddress).bytes : nil
        #expect(message.clientIdentifier.map(Array.init) == identifier)
    }

    @Test("iPXE says what its build can do")
    func features() throws {
        let bios = try #require(try Fixture.message("ipxe-bios-virtio.DISCOVER").ipxeEncapsulated)
        #expect(bios.version == [1, 0, 0])
        for feature in [IPXEOptions.Feature.http, .tftp, .dns, .pxe, .bzImage, .menu] { #expect(bios.supports(feature)) }
        for feature in [IPXEOptions.Feature.https, .vlan, .efi] { #expect(!bios.supports(feature)) }
        let snponly = try #require(try Fixture.message("snponly-efi-uuid.DISCOVER").ipxeEncapsulated)
        #expect(snponly.supports(.efi))
        #expect(!snponly.supports(.pxe) && !snponly.supports(.bzImage))
    }

    @Test("encoding what was decoded gives the captured bytes", arguments: Fixture.names)
    func roundTrip(name: String) throws {
        let bytes = try Fixture.bytes(name)
        #expect(try DHCPMessage(decoding: bytes).encode(maximumSize: bytes.count) == bytes)
    }
}
