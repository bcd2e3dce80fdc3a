package import AddressPlan

/// Everything that the DHCP server does not do as asked. Each has a counter of this name, and a test that reaches it.
package enum DHCPRefusal: String, Error, Sendable, Hashable, CaseIterable {
    // What is no request of a DHCP client at all.
    case truncatedDatagram = "truncated-datagram"
    case malformed = "malformed"
    case notARequest = "not-a-request"
    case noMessageType = "no-message-type"
    case unexpectedMessageType = "unexpected-message-type"
    // Hardware that cannot be answered or must not be believed.
    case notEthernet = "not-ethernet"
    case hardwareAddressLength = "hardware-address-length"
    case zeroHardwareAddress = "zero-hardware-address"
    case groupHardwareAddress = "group-hardware-address"
    // Addresses.
    case noSubnet = "no-subnet"
    case externalSubnet = "external-subnet"
    case proxyOnly = "proxy-only"
    case notProxied = "not-proxied"
    case unknownHost = "unknown-host"
    case unknownHostLimit = "unknown-host-limit"
    case noAddressNamed = "no-address-named"
    case otherServerChosen = "other-server-chosen"
    case poolExhausted = "pool-exhausted"
    case addressOutsideSubnet = "address-outside-subnet"
    case addressNotInPool = "address-not-in-pool"
    case reservedForAnother = "reserved-for-another"
    case heldByAnother = "held-by-another"
    case quarantined = "quarantined"
    case declineLimit = "decline-limit"
    case leaseUnknown = "lease-unknown"
    case reservedElsewhere = "reserved-elsewhere"
    // Boot: the client gets its address all the same.
    case missingArchitecture = "missing-architecture"
    case unknownArchitecture = "unknown-architecture"
    case loaderMissing = "loader-missing"
    // Our own side.
    case replyTooLarge = "reply-too-large"
    case commitQueueFull = "commit-queue-full"
    case commitFailed = "commit-failed"
    case commitConflict = "commit-conflict"
    case commitUnknown = "commit-unknown"
    case sendFailed = "send-failed"
}

extension DHCPRefusal {
    /// The documents leave the message to another server: counted, and no trouble of the host that sent it.
    package var leavesToAnother: Bool { self == .externalSubnet || self == .proxyOnly }

    /// Something went wrong on our side, and the reply did not leave.
    package var isOurs: Bool {
        switch self {
        case .replyTooLarge, .commitQueueFull, .commitFailed, .commitConflict, .commitUnknown, .sendFailed: true
        default: false
        }
    }

    /// What the operator can do about it, where it is one thing.
    package var advice: String? {
        switch self {
        case .unknownArchitecture: "an entry in loaders of the BootServer document would offer a boot program for this architecture"
        case .loaderMissing: "the boot program that the BootServer document names is lost here; apply that document again"
        default: nil
        }
    }

    package init(_ refusal: LeaseRefusal) {
        self =
            switch refusal {
            case .poolExhausted: .poolExhausted
            case .addressOutsideSubnet: .addressOutsideSubnet
            case .addressNotInPool: .addressNotInPool
            case .reservedForAnother: .reservedForAnother
            case .heldByAnother: .heldByAnother
            case .quarantined: .quarantined
            case .tooManyDeclined: .declineLimit
            case .leaseUnknown: .leaseUnknown
            case .reservedElsewhere: .reservedElsewhere
            }
    }
}
