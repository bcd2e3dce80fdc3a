import CSockets
import Glibc
package import Primitives

/// Hears packets of one kind on one link, and sends such packets (AF_PACKET): what comes does so before the kernel's own filters and routes.
package struct LinkSocket: Sendable {
    package enum Kind: Hashable, Sendable {
        case arp
        /// IPv4 to a UDP port, whatever address it goes to.
        case udp(port: UInt16)

        fileprivate var etherType: UInt16 { self == .arp ? 0x0806 : 0x0800 }
    }

    package let descriptor: Descriptor
    /// The interface's own.
    package let hardwareAddress: HardwareAddress
    private let interfaceIndex: UInt32
    private let kind: Kind

    package init(interfaceIndex: UInt32, kind: Kind) throws(SocketError) {
        (self.interfaceIndex, self.kind) = (interfaceIndex, kind)
        var own = [UInt8](repeating: 0, count: 6)
        var port: UInt16 = 0
        if case .udp(let wanted) = kind { port = wanted }
        let number = csockets_packet_listen(interfaceIndex, kind.etherType, port, &own)
        descriptor = Descriptor(owning: try SocketError.check(number, "listen to interface \(interfaceIndex)"))
        hardwareAddress = HardwareAddress(value: own.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// The next packet from behind the link's header, its first 2 KiB; `nil` when none waits.
    package func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = read(descriptor.number, &bytes, bytes.count)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// To everybody on the link; the reason where it did not leave.
    package func broadcast(_ bytes: [UInt8]) -> SocketError? {
        bytes.withUnsafeBufferPointer { bytes in
            var frame = csockets_frame(
                bytes: bytes.baseAddress, length: UInt32(clamping: bytes.count), interface_index: interfaceIndex, protocol: kind.etherType,
                hardware_address: (0xff, 0xff, 0xff, 0xff, 0xff, 0xff), error: 0)
            _ = csockets_packet_send(descriptor.number, &frame, 1)
            return frame.error == 0 ? nil : SocketError("broadcast on interface \(interfaceIndex)", code: frame.error)
        }
    }
}
