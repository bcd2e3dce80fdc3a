package import Primitives

/// Why the lease table gives no address, or not this one.
package enum LeaseRefusal: Error, Hashable, Sendable {
    /// Every address of the pools is held, quarantined or reserved.
    case poolExhausted(subnet: String)
    case addressOutsideSubnet(IPv4Address, subnet: String)
    /// In the subnet, but in no pool and reserved for nobody: a router, say.
    case addressNotInPool(IPv4Address, subnet: String)
    case reservedForAnother(IPv4Address)
    case heldByAnother(IPv4Address, HardwareAddress)
    /// Somebody declined it lately.
    case quarantined(IPv4Address)
    /// Its client, or the switch port that it is at, has declined as many as it is believed.
    case tooManyDeclined(IPv4Address)
    /// This client has no record of that address.
    case leaseUnknown(IPv4Address)
    /// Another address is reserved for this client.
    case reservedElsewhere(IPv4Address, reserved: IPv4Address)
}

extension LeaseRefusal {
    /// Another server may have given the address: nothing of ours speaks of it.
    package var mayBeAnothers: Bool {
        switch self {
        case .leaseUnknown, .addressOutsideSubnet, .addressNotInPool: true
        default: false
        }
    }
}

extension LeaseRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .poolExhausted(let subnet): "no free address in the pools of subnet \(subnet)"
        case .addressOutsideSubnet(let address, let subnet): "\(address) is not in subnet \(subnet)"
        case .addressNotInPool(let address, let subnet): "\(address) is in no pool of subnet \(subnet) and not reserved"
        case .reservedForAnother(let address): "\(address) is reserved for another host"
        case .heldByAnother(let address, let holder): "\(address) is held by \(holder)"
        case .quarantined(let address): "\(address) was declined lately: something else answers for it"
        case .tooManyDeclined(let address): "\(address) is not quarantined: its client or its switch port has declined too many"
        case .leaseUnknown(let address): "no lease of \(address) is known for this client"
        case .reservedElsewhere(let address, let reserved): "\(address) was asked for, \(reserved) is reserved"
        }
    }
}
