package import Primitives

/// A DHCPv4 message (RFC 2131 section 2): what a UDP datagram between ports 67 and 68 carries.
///
/// `sname` and `file` are kept without trailing zero bytes, and are empty when they held options (overload, RFC 2132 section 9.3).
package struct DHCPMessage: Hashable, Sendable {
    /// `op`.
    package var operation: DHCPOperation
    /// `htype`: 1 is Ethernet (IANA "Hardware Types").
    package var hardwareType: UInt8 = 1
    /// `hlen`: how many bytes of `chaddr` count, at most 16.
    package private(set) var hardwareAddressLength: UInt8 = 6
    /// `hops`: relay agents that the message went through.
    package var hops: UInt8 = 0
    /// `xid`: chosen by the client, copied into every reply.
    package var transactionID: UInt32
    /// `secs`: seconds since the client began, as it claims.
    package var seconds: UInt16 = 0
    /// `flags`: the top bit asks for broadcast replies; the rest must be zero and is copied all the same.
    package var flags: UInt16 = 0
    /// `ciaddr`: the address that the client has and answers ARP for.
    package var clientAddress = IPv4Address.any
    /// `yiaddr`: the address that the server gives.
    package var yourAddress = IPv4Address.any
    /// `siaddr`: the server to load the boot file from; ROMs use this, not option 66.
    package var serverAddress = IPv4Address.any
    /// `giaddr`: the relay agent that replies go to.
    package var relayAddress = IPv4Address.any
    /// `sname`: at most 64 bytes.
    package var serverName: [UInt8] {
        get { names?.server ?? [] }
        set { names = .make(server: newValue, file: bootFile) }
    }
    /// `file`: at most 128 bytes.
    package var bootFile: [UInt8] {
        get { names?.file ?? [] }
        set { names = .make(server: serverName, file: newValue) }
    }
    private var names: HeaderNames?
    mutating func setNames(server: [UInt8], file: [UInt8]) { names = .make(server: server, file: file) }
    package var options: DHCPOptions

    /// `chaddr`: all 16 bytes, those past `hlen` included, without an allocation.
    private(set) var hardware: (high: UInt64, low: UInt64) {
        get { (hardwareHigh, hardwareLow) }
        set { (hardwareHigh, hardwareLow) = newValue }
    }
    private var hardwareHigh: UInt64 = 0
    private var hardwareLow: UInt64 = 0

    package init(operation: DHCPOperation, transactionID: UInt32) {
        self.init(operation: operation, transactionID: transactionID, options: DHCPOptions())
    }

    init(operation: DHCPOperation, transactionID: UInt32, options: consuming DHCPOptions) {
        (self.operation, self.transactionID) = (operation, transactionID)
        self.options = options
    }

    package static let fixedSize = 240
    package static let minimumSize = 300
    package static let magicCookie: UInt32 = 0x6382_5363
    package static let serverPort: UInt16 = 67
    package static let clientPort: UInt16 = 68
    /// ProxyDHCP's own (PXE 2.1 section 2.2.1).
    package static let proxyPort: UInt16 = 4011

    /// The client cannot receive unicast before it is configured (RFC 2131 section 4.1, the B bit).
    package var wantsBroadcast: Bool {
        get { flags & 0x8000 != 0 }
        set { flags = newValue ? flags | 0x8000 : flags & 0x7fff }
    }

    /// `chaddr` as an Ethernet address; `nil` for any other hardware (IPoIB sends none, RFC 4390).
    package var hardwareAddress: HardwareAddress? {
        get {
            guard hardwareType == 1, hardwareAddressLength == 6 else { return nil }
            return HardwareAddress(value: hardwareHigh >> 16)
        }
        set {
            (hardwareType, hardwareAddressLength) = (1, newValue == nil ? 0 : 6)
            hardware = ((newValue?.value ?? 0) << 16, 0)
        }
    }

    /// The bytes of `chaddr` that `hlen` counts.
    package var hardwareAddressBytes: [UInt8] {
        Array((Array(BigEndianBytes(hardwareHigh)) + BigEndianBytes(hardwareLow)).prefix(Int(hardwareAddressLength)))
    }

    mutating func setHardware(length: UInt8, high: UInt64, low: UInt64) {
        hardwareAddressLength = Swift.min(16, length)
        hardware = (high, low)
    }

    /// Copies `htype`, `hlen` and `chaddr`, as every reply must (RFC 2131 table 3).
    package mutating func copyHardware(from other: DHCPMessage) {
        hardwareType = other.hardwareType
        setHardware(length: other.hardwareAddressLength, high: other.hardwareHigh, low: other.hardwareLow)
    }
}

/// `sname` and `file`, which most messages leave empty. An object, so that a message is copied by counting two references.
final class HeaderNames: Sendable {
    let server: [UInt8]
    let file: [UInt8]

    /// `nil` where both are empty.
    static func make(server: [UInt8], file: [UInt8]) -> HeaderNames? {
        server.isEmpty && file.isEmpty ? nil : HeaderNames(server: server, file: file)
    }

    private init(server: [UInt8], file: [UInt8]) { (self.server, self.file) = (server, file) }
}

extension HeaderNames: Hashable {
    static func == (a: HeaderNames, b: HeaderNames) -> Bool { a.server == b.server && a.file == b.file }

    func hash(into hasher: inout Hasher) {
        hasher.combine(server)
        hasher.combine(file)
    }
}
