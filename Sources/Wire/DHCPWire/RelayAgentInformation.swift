package import Primitives

/// Option 82 (RFC 3046): what a relay agent says about where the client is. A server repeats the option's bytes unchanged in every reply.
package struct RelayAgentInformation: Hashable, Sendable {
    package let suboptions: DHCPSuboptions

    package init(suboptions: DHCPSuboptions) { self.suboptions = suboptions }

    /// `nil` when a suboption reaches past the end.
    package init?(decoding bytes: some Collection<UInt8>) {
        guard let suboptions = DHCPSuboptions(decoding: bytes, framing: .plain) else { return nil }
        self.suboptions = suboptions
    }

    /// As above, for what an option is kept as.
    package init?(decoding bytes: ArraySlice<UInt8>) {
        guard let suboptions = DHCPSuboptions(decoding: bytes, framing: .plain) else { return nil }
        self.suboptions = suboptions
    }

    package var encoded: [UInt8] { suboptions.encode(framing: .plain) }

    /// Suboption 1 (RFC 3046 section 3.1): usually the switch port.
    package var circuitIdentifier: ArraySlice<UInt8>? { suboptions[1] }
    /// Suboption 2 (section 3.2): usually the switch.
    package var remoteIdentifier: ArraySlice<UInt8>? { suboptions[2] }
    /// Suboption 5 (RFC 3527): the subnet to give an address from; the reply still goes to `giaddr`.
    package var linkSelection: IPv4Address? { address(5) }
    private func address(_ code: UInt8) -> IPv4Address? {
        guard let bytes = suboptions[code], bytes.count == 4 else { return nil }
        var value: UInt32 = 0
        for byte in bytes { value = value << 8 | UInt32(byte) }
        return IPv4Address(value: value)
    }
    /// Suboption 6 (RFC 3993).
    package var subscriberIdentifier: ArraySlice<UInt8>? { suboptions[6] }
    /// Suboption 10 (RFC 5010), top bit: the client had sent its message by unicast.
    package var clientSentUnicast: Bool { suboptions[10]?.first.map { $0 & 0x80 != 0 } ?? false }
    /// Suboption 11 (RFC 5107): the address to put into option 54 instead of our own.
    package var serverIdentifierOverride: IPv4Address? { address(11) }
    /// Suboption 12 (RFC 6925).
    package var relayIdentifier: ArraySlice<UInt8>? { suboptions[12] }
    /// Suboption 19 (RFC 8357): replies go to the relay's source port, not to 67.
    package var usesSourcePort: Bool { suboptions.contains(19) }
}

extension DHCPMessage {
    /// Option 82; `nil` when absent or malformed (its bytes are to be repeated all the same).
    package var relayAgentInformation: RelayAgentInformation? {
        guard let bytes = options[.relayAgentInformation] else { return nil }
        return RelayAgentInformation(decoding: bytes)
    }
}
