package import Primitives

/// An ARP packet of IPv4 over Ethernet (RFC 826), from the hardware type on: 28 bytes.
package struct ARPPacket: Hashable, Sendable {
    /// `ar$op`; others are ordinary input.
    package struct Operation: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        package static let request = Operation(rawValue: 1)
        package static let reply = Operation(rawValue: 2)
    }

    package static let size = 28
    /// Ethernet, IPv4, and the lengths of their addresses.
    private static let prefix: [UInt8] = [0, 1, 0x08, 0, 6, 4]

    package var operation: Operation
    package var senderHardware: HardwareAddress
    package var sender: IPv4Address
    package var targetHardware: HardwareAddress
    package var target: IPv4Address

    /// Asks who has an address without saying that we have one (RFC 5227 section 1.1): nobody's table changes by it.
    package static func probe(for address: IPv4Address, from hardware: HardwareAddress) -> ARPPacket {
        ARPPacket(
            operation: .request, senderHardware: hardware, sender: .any, targetHardware: HardwareAddress(value: 0), target: address)
    }

    package init(
        operation: Operation, senderHardware: HardwareAddress, sender: IPv4Address, targetHardware: HardwareAddress, target: IPv4Address
    ) {
        (self.operation, self.senderHardware, self.sender) = (operation, senderHardware, sender)
        (self.targetHardware, self.target) = (targetHardware, target)
    }

    /// `nil` for what is too short, or of another link or protocol. What follows is the link's padding.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count >= Self.size, bytes.starts(with: Self.prefix) else { return nil }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        func address(_ start: Int) -> IPv4Address { IPv4Address(value: UInt32(truncatingIfNeeded: number(start..<start + 4))) }
        operation = Operation(rawValue: UInt16(truncatingIfNeeded: number(6..<8)))
        (senderHardware, sender) = (HardwareAddress(value: number(8..<14)), address(14))
        (targetHardware, target) = (HardwareAddress(value: number(18..<24)), address(24))
    }

    package func encode() -> [UInt8] {
        var bytes = Self.prefix
        bytes.append(contentsOf: BigEndianBytes(operation.rawValue))
        bytes += senderHardware.bytes
        bytes.append(contentsOf: BigEndianBytes(sender.value))
        bytes += targetHardware.bytes
        bytes.append(contentsOf: BigEndianBytes(target.value))
        return bytes
    }
}
