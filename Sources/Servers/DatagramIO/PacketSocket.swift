import CSockets
package import Primitives

/// An IP packet for one hardware address on one link: how a client is reached that answers no ARP yet.
package struct EthernetPacket: Sendable, Hashable {
    /// From the IP header on.
    package var bytes: [UInt8]
    /// `HardwareAddress.broadcast` reaches everybody.
    package var hardwareAddress: HardwareAddress
    package var interfaceIndex: UInt32

    package init(bytes: [UInt8], hardwareAddress: HardwareAddress, interfaceIndex: UInt32) {
        (self.bytes, self.hardwareAddress, self.interfaceIndex) = (bytes, hardwareAddress, interfaceIndex)
    }
}

extension HardwareAddress {
    package static let broadcast = HardwareAddress(value: 0xffff_ffff_ffff)
}

/// Sends IP packets around the kernel's routing (AF_PACKET). It receives nothing.
package struct PacketSocket: Sendable {
    package let descriptor: Descriptor

    package init() throws(SocketError) {
        descriptor = Descriptor(owning: try SocketError.check(csockets_packet_open(), "open a packet socket"))
    }

    /// Tries every packet; one result each, in order, `nil` where it left.
    package func send(_ packets: [EthernetPacket]) -> [SocketError?] { packets.map(send) }

    private func send(_ packet: EthernetPacket) -> SocketError? {
        packet.bytes.withUnsafeBufferPointer { bytes in
            let to = packet.hardwareAddress.bytes
            var frame = csockets_frame(
                bytes: bytes.baseAddress, length: UInt32(clamping: bytes.count), interface_index: packet.interfaceIndex,
                protocol: 0x0800,
                hardware_address: (to[0], to[1], to[2], to[3], to[4], to[5]), error: 0)
            _ = csockets_packet_send(descriptor.number, &frame, 1)
            return frame.error == 0 ? nil : SocketError("send a frame to \(packet.hardwareAddress)", code: frame.error)
        }
    }
}
