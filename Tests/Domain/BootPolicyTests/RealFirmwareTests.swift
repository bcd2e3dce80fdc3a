import AddressPlan
import BootPolicy
import DHCPWire
import Foundation
import Primitives
import Testing

/// The packets that real firmware sent, and what it is told.
@Suite struct RealFirmwareTests {
    private static func capture(_ name: String) throws -> DHCPMessage {
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let text = try String(contentsOf: root.appending(path: "Fixtures/dhcp/\(name).hex"), encoding: .utf8)
        let bytes = try #require(Hexadecimal.decode(text.utf8.filter { !$0.isSpace }))
        return try DHCPMessage(decoding: bytes)
    }

    static let script = "http://10.0.0.1:8080/boot.ipxe?mac="
    static let captures: [(name: String, file: String, option60: String?)] = [
        ("ipxe-bios-virtio", script, nil), ("ipxe-efi-debian-tftp", script, nil), ("snponly-efi-uuid", script, nil),
        ("ovmf-pxe4", "snponly.efi", nil), ("ovmf-http4", "http://10.0.0.1:8080/boot-files/snponly.efi", "HTTPClient"),
    ]

    @Test("Each firmware's own packets get what that firmware demands", arguments: captures)
    func firmware(name: String, file: String, option60: String?) throws {
        for (type, decision) in [("DISCOVER", LeaseDecision.offered(lease())), ("REQUEST", .granted(lease()))] {
            let request = try Self.capture("\(name).\(type)")
            let (reply, destination, refusal) = try replied(to: request, decision: decision)
            let hardware = try #require(request.hardwareAddress)
            #expect(refusal == nil && reply.vendorClassIdentifier == option60)
            #expect(reply.bootFileName.map { $0.hasPrefix(file) } == true)
            if file == Self.script { #expect(reply.bootFileName?.contains("mac=\(hardware)") == true) }
            #expect(reply.subnetMask == .init(255, 255, 255, 0), "OVMF declines a lease without one")
            #expect(reply.options[.clientMachineIdentifier] == request.options[.clientMachineIdentifier])
            #expect(destination == (request.wantsBroadcast ? .broadcast : .frame(leasedAddress, hardware)))
        }
    }

    @Test("A UUID of zeros is nobody's")
    func zeroUUID() throws {
        #expect(try CheckedRequest(Self.capture("ovmf-pxe4.DISCOVER")).uuid == nil)
        #expect(try CheckedRequest(Self.capture("ovmf-pxe4-uuid.DISCOVER")).uuid == bootingUUID)
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 10 || self == 13 || self == 32 }
}
