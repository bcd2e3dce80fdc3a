package import Primitives

extension DHCPMessage {
    /// A reply with everything that RFC 2131 table 3 copies from the request, and the options that later documents want repeated:
    /// 82 (RFC 3046 section 2.2), 118 (RFC 3011), 97 (RFC 4578), and 61 (RFC 6842) unless an old client chokes on it.
    ///
    /// A relay's server identifier override (RFC 5107) takes the place of `serverIdentifier`.
    /// - Parameter relay: the request's option 82.
    package init(
        replyingTo request: borrowing DHCPMessage, type: DHCPMessageType, serverIdentifier: IPv4Address, repeatsClientIdentifier: Bool = true,
        relay: RelayAgentInformation?
    ) {
        self.init(operation: .reply, transactionID: request.transactionID)
        copyHardware(from: request)
        (flags, relayAddress) = (request.flags, request.relayAddress)
        // Relays pass a NAK on by broadcast only when told to (RFC 2131 section 4.3.2): the client's address is wrong by definition.
        if type == .negativeAcknowledgement, !relayAddress.isAny { wantsBroadcast = true }
        if type == .acknowledgement { clientAddress = request.clientAddress }
        messageType = type
        self.serverIdentifier = relay?.serverIdentifierOverride ?? serverIdentifier
        options.copy(.relayAgentInformation, from: request.options)
        if repeatsClientIdentifier { options.copy(.clientIdentifier, from: request.options) }
        // Table 3 forbids nearly every option in a DHCPNAK.
        guard type != .negativeAcknowledgement else { return }
        options.copy(.subnetSelection, from: request.options)
        options.copy(.clientMachineIdentifier, from: request.options)
    }

    /// Where a reply goes (RFC 2131 section 4.1).
    package enum Destination: Hashable, Sendable {
        /// The relay agent's address; its port is 67 unless it asked for its source port (RFC 8357).
        case relay(IPv4Address, usesSourcePort: Bool)
        /// The address and port that the request came from: ProxyDHCP's own port is spoken to like any server (PXE 2.1 section 2.2.1).
        case sender(IPv4Address)
        /// A client that already answers for its address.
        case client(IPv4Address)
        /// 255.255.255.255 on the link that the request came from.
        case broadcast
        /// A client without a working address: one frame to its hardware address, as the kernel has no ARP entry for it.
        case frame(IPv4Address, HardwareAddress)
    }

    /// The destination of this reply, which must have the request's `flags`, `giaddr` and `chaddr`.
    /// - Parameter relay: the request's option 82.
    package func destination(answering request: DHCPMessage, relay: RelayAgentInformation?) -> Destination {
        if !request.relayAddress.isAny {
            return .relay(request.relayAddress, usesSourcePort: relay?.usesSourcePort ?? false)
        }
        if messageType == .negativeAcknowledgement { return .broadcast }
        if !request.clientAddress.isAny { return .client(request.clientAddress) }
        if request.wantsBroadcast || yourAddress.isAny { return .broadcast }
        guard let hardware = hardwareAddress, !hardware.isGroup else { return .broadcast }
        return .frame(yourAddress, hardware)
    }
}
