package import Primitives

/// Typed views of the options that every client and server uses (RFC 2132). A malformed value reads as `nil`.
extension DHCPMessage {
    /// Option 53, section 9.6. `nil` is BOOTP, or nonsense.
    package var messageType: DHCPMessageType? {
        get { options.byte(.messageType).map(DHCPMessageType.init(rawValue:)) }
        set { options.set(.messageType, to: newValue?.rawValue) }
    }

    /// Option 50, section 9.1.
    package var requestedAddress: IPv4Address? {
        get { options.address(.requestedAddress) }
        set { options.set(.requestedAddress, to: newValue) }
    }

    /// Option 51, section 9.2; `DHCPDuration.infinite` never ends.
    package var leaseTime: Duration? {
        get { options.unsigned32(.leaseTime).map(DHCPDuration.duration(seconds:)) }
        set { options.set(.leaseTime, to: newValue.map(DHCPDuration.seconds(of:))) }
    }

    /// Option 58 (T1), section 9.11.
    package var renewalTime: Duration? {
        get { options.unsigned32(.renewalTime).map(DHCPDuration.duration(seconds:)) }
        set { options.set(.renewalTime, to: newValue.map(DHCPDuration.seconds(of:))) }
    }

    /// Option 59 (T2), section 9.12.
    package var rebindingTime: Duration? {
        get { options.unsigned32(.rebindingTime).map(DHCPDuration.duration(seconds:)) }
        set { options.set(.rebindingTime, to: newValue.map(DHCPDuration.seconds(of:))) }
    }

    /// Option 54, section 9.7.
    package var serverIdentifier: IPv4Address? {
        get { options.address(.serverIdentifier) }
        set { options.set(.serverIdentifier, to: newValue) }
    }

    /// Option 55, section 9.8, in the client's order of preference; empty when absent.
    package var parameterRequestList: [DHCPOptionCode] {
        get { options[.parameterRequestList]?.map(DHCPOptionCode.init(rawValue:)) ?? [] }
        set { options[.parameterRequestList] = newValue.isEmpty ? nil : ArraySlice(newValue.map(\.rawValue)) }
    }

    /// Option 55 without its order.
    package var askedFor: DHCPCodeSet {
        var asked = DHCPCodeSet()
        if let codes = options[.parameterRequestList] { for code in codes { asked.insert(DHCPOptionCode(code)) } }
        return asked
    }

    /// Option 56, section 9.9: why a DHCPNAK or DHCPDECLINE was sent.
    package var text: String? {
        get { options.text(.message) }
        set { options.set(.message, to: newValue) }
    }

    /// Option 57, section 9.10, as sent; `replyCapacity(linkMTU:)` says what to make of it.
    package var maximumMessageSize: UInt16? {
        get { options.unsigned16(.maximumMessageSize) }
        set { options.set(.maximumMessageSize, to: newValue) }
    }

    /// UDP payload bytes that a reply to this message may have: option 57 counts the IP datagram, 576 is the least a client must take
    /// (RFC 2131 section 2), and OVMF's DHCPREQUEST claims 65,280, so the link has a say as well.
    package func replyCapacity(linkMTU: Int = 1500) -> Int {
        let claimed = Swift.max(576, Int(maximumMessageSize ?? 576))
        return Swift.max(576, Swift.min(claimed, linkMTU)) - IPv4UDPPacket.headerSize
    }

    /// Option 60, section 9.13.
    package var vendorClassIdentifier: String? {
        get { options.text(.vendorClassIdentifier) }
        set { options.set(.vendorClassIdentifier, to: newValue) }
    }

    /// Option 61, section 9.14, type byte included; two bytes at least.
    package var clientIdentifier: ArraySlice<UInt8>? { options[.clientIdentifier].flatMap { $0.count >= 2 ? $0 : nil } }

    /// Option 12, section 3.14.
    package var hostName: String? {
        get { options.text(.hostName) }
        set { options.set(.hostName, to: newValue) }
    }

    /// Option 118 (RFC 3011 section 2): a network of the client's choice, which the reply must repeat.
    package var subnetSelection: IPv4Address? {
        get { options.address(.subnetSelection) }
        set { options.set(.subnetSelection, to: newValue) }
    }
}
