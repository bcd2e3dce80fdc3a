package import DHCPWire
package import Primitives

/// A message that a DHCP client may have sent, with what every decision needs proved. A class: it is handed from step to step, and a copy
/// of a message counts references of all its parts.
package final class CheckedRequest: Sendable {
    package let message: DHCPMessage
    package let type: DHCPMessageType
    package let hardwareAddress: HardwareAddress
    /// `nil` when nothing marks the message as network boot.
    package let bootClient: BootClient?
    /// Option 82; `nil` when absent or malformed.
    package let relay: RelayAgentInformation?
    /// What the client asks for in option 55; empty when it sent no list.
    package let asked: DHCPCodeSet
    /// Option 97 where it says something.
    package let uuid: UniversalUniqueIdentifier?

    /// Throws the first reason not to look any further.
    package init(_ message: consuming DHCPMessage) throws(DHCPRefusal) {
        guard message.operation == .request else { throw .notARequest }
        guard message.hardwareType == 1 else { throw .notEthernet }
        guard let hardwareAddress = message.hardwareAddress else { throw .hardwareAddressLength }
        guard !hardwareAddress.isZero else { throw .zeroHardwareAddress }
        guard !hardwareAddress.isGroup else { throw .groupHardwareAddress }
        guard let type = message.messageType else { throw .noMessageType }
        switch type {
        case .discover, .request, .decline, .release, .inform: break
        default: throw .unexpectedMessageType
        }
        (self.type, self.hardwareAddress) = (type, hardwareAddress)
        bootClient = BootClient(message)
        relay = message.relayAgentInformation
        asked = message.askedFor
        uuid = message.clientMachineIdentifier.flatMap { $0.isUnset ? nil : $0 }
        self.message = message
    }
}
