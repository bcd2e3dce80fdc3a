import BootPolicy
import DHCPServer
import DHCPWire
import Foundation
import Primitives
import Testing

/// Other people's DHCP servers with what `bennu dhcp snippet` prints, and the packets of real firmware.
@Suite(.enabled(if: TestNetwork.isPossible, "network namespaces need root"), .serialized)
struct SnippetTests {
    static let address = IPv4Address(10, 0, 0, 1)
    static let servers = ServerAddresses(identifier: address, httpPort: 8080)
    static let script = "http://10.0.0.1:8080/boot.ipxe"
    static let loader = "http://10.0.0.1:8080/boot-files/snponly.efi"

    struct Row: Sendable {
        var name: String
        var file: String?
        var vendorClass: String?
        var make: @Sendable () throws -> DHCPMessage
    }

    private static func firmware(_ vendorClass: String?, _ architecture: UInt16?, _ change: (inout DHCPMessage) -> Void = { _ in }) -> DHCPMessage {
        var message = message(.discover, from: nic(7), vendorClass: vendorClass, architecture: architecture)
        message.parameterRequestList = [.subnetMask, .router, .tftpServerName, .bootFileName, .vendorClassIdentifier, .ipxeEncapsulated]
        change(&message)
        return message
    }

    static let rows = [
        Row(name: "iPXE in a BIOS network card", file: script) { try capture("ipxe-bios-virtio.DISCOVER") },
        Row(name: "iPXE as a UEFI driver", file: script) { try capture("ipxe-efi-debian-tftp.DISCOVER") },
        Row(name: "iPXE that UEFI loaded", file: script) { try capture("snponly-efi-uuid.DISCOVER") },
        Row(name: "UEFI PXE", file: "snponly.efi") { try capture("ovmf-pxe4.DISCOVER") },
        Row(name: "UEFI HTTP boot", file: loader, vendorClass: "HTTPClient") { try capture("ovmf-http4.DISCOVER") },
        Row(name: "a BIOS ROM", file: "undionly.kpxe") { firmware("PXEClient:Arch:00000:UNDI:002001", 0) },
        Row(name: "a UEFI that calls itself byte code", file: "snponly.efi") { firmware("PXEClient:Arch:00009:UNDI:003000", 9) },
        Row(name: "HTTP boot that calls itself byte code", file: loader, vendorClass: "HTTPClient") {
            firmware("HTTPClient:Arch:00017:UNDI:003000", 17)
        },
        Row(name: "a ROM that leaves option 93 out", file: "undionly.kpxe") { firmware("PXEClient:Arch:00000:UNDI:002001", nil) },
        Row(name: "iPXE with its class alone", file: script) {
            firmware("PXEClient:Arch:00000:UNDI:002001", 0) { $0.options.set(.userClass, to: Array("iPXE".utf8)) }
        },
        Row(name: "iPXE with its class counted", file: script) {
            firmware("PXEClient:Arch:00007:UNDI:003000", 7) { $0.options.set(.userClass, to: [4] + Array("iPXE".utf8)) }
        },
        Row(name: "ARM64 UEFI", file: "ipxe-arm64.efi") { firmware("PXEClient:Arch:00011:UNDI:003000", 11) },
        Row(name: "ARM64 UEFI HTTP boot", file: "http://10.0.0.1:8080/boot-files/ipxe-arm64.efi", vendorClass: "HTTPClient") {
            firmware("HTTPClient:Arch:00019:UNDI:003000", 19)
        },
        Row(name: "RISC-V UEFI, for which there is nothing", file: nil) { firmware("PXEClient:Arch:00027:UNDI:003000", 27) },
        Row(name: "a running system") { message(.discover, from: nic(8)) },
    ]

    @Test("Every kind of client is told what our own server would tell it", arguments: OtherServer.all.filter(\.isInstalled))
    func offers(_ other: OtherServer) throws {
        let network = try TestNetwork()
        try TestNetwork.ip("-n \(network.client) address add 10.0.0.9/24 dev client0")
        let running = try other.start(in: network, DHCPSnippet(servers: Self.servers).text(for: other.snippet))
        let client = try BroadcastClient(network)
        for row in Self.rows {
            let offer = try client.exchange(row.make()) { $0.messageType == .offer }
            let reply = try #require(offer, "\(row.name): \(running.lines)")
            #expect(reply.bootFileName == row.file, "\(row.name)")
            #expect(reply.vendorClassIdentifier == row.vendorClass, "\(row.name)")
            #expect(!reply.yourAddress.isAny, "\(row.name)")
            let loadsByTFTP = row.file?.hasPrefix("http") == false
            if loadsByTFTP { #expect(reply.serverAddress == Self.address, "\(row.name)") }
            #expect((reply.options[.ipxeEncapsulated] != nil) == (row.file == Self.script), "\(row.name)")
            // Some end it as an option field ends.
            if let own = reply.options[.ipxeEncapsulated] { #expect(own.prefix { $0 != 255 } == IPXEOptions.withoutProxyDHCP[...], "\(row.name)") }
        }
    }

    @Test(
        "udhcpc as firmware gets address and boot program from another server", arguments: OtherServer.all.filter(\.isInstalled))
    func udhcpc(_ other: OtherServer) throws {
        let network = try TestNetwork()
        let script = network.directory.appending(path: "script")
        try RealClientTests.script.write(to: script, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path())
        let running = try other.start(in: network, DHCPSnippet(servers: Self.servers).text(for: other.snippet))
        for (vendorClass, architecture, file) in [
            ("PXEClient:Arch:00000:UNDI:002001", "0000", "undionly.kpxe"), ("PXEClient:Arch:00007:UNDI:003000", "0007", "snponly.efi"),
        ] {
            let rom = ["-V", vendorClass, "-x", "0x5d:\(architecture)"]
            let client = try ClientProgram(
                network, ["udhcpc", "-f", "-n", "-q", "-t", "5", "-T", "1", "-i", "client0", "-s", script.path()] + rom)
            let bound = try #require(client.line("bound"), "\(client.lines) \(running.lines)")
            #expect(bound.hasPrefix("bound ip=10.0.0.1"), "\(bound)")
            #expect(bound.hasSuffix("siaddr=10.0.0.1 boot_file=\(file)"), "\(bound)")
        }
    }
}
