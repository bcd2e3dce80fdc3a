package import Primitives

/// What in a message says which subnet its sender is in.
package struct RequestOrigin: Sendable, Hashable {
    /// `giaddr`; 0.0.0.0 when no relay passed the message on.
    package var relayAddress: IPv4Address
    /// Option 82.5 (RFC 3527), which goes before every other sign.
    package var linkSelection: IPv4Address?
    /// Option 118 (RFC 3011).
    package var subnetSelection: IPv4Address?
    /// `ciaddr`: only believed where the message was not broadcast, since a broadcast comes from the link itself.
    package var clientAddress: IPv4Address
    package var wasBroadcast: Bool
    /// Our own addresses on the interface that received the message.
    package var interfaceAddresses: [IPv4Address]

    package init(
        relayAddress: IPv4Address = .any, linkSelection: IPv4Address? = nil, subnetSelection: IPv4Address? = nil,
        clientAddress: IPv4Address = .any, wasBroadcast: Bool = true, interfaceAddresses: [IPv4Address]
    ) {
        (self.relayAddress, self.linkSelection, self.subnetSelection) = (relayAddress, linkSelection, subnetSelection)
        (self.clientAddress, self.wasBroadcast, self.interfaceAddresses) = (clientAddress, wasBroadcast, interfaceAddresses)
    }
}

/// The subnets of one generation, and which of them a request belongs to.
package struct SubnetChoice: Sendable {
    /// Longest prefix first.
    package let subnets: [ServedSubnet]
    /// By prefix length, longest first, and network: a thousand subnets are as quick to search as one.
    private let byLength: [(length: Int, subnets: NumberTable<ServedSubnet>)]

    private let byNetwork: [String: [ServedSubnet]]
    /// Any of them does.
    package let joinsReplies: Bool

    package init(_ plans: [SubnetPlan]) {
        subnets = plans.map(ServedSubnet.init).sorted { ($1.plan.prefix.length, $0.plan.name) < ($0.plan.prefix.length, $1.plan.name) }
        joinsReplies = plans.contains(where: \.joinsReplies)
        byNetwork = Dictionary(grouping: subnets.filter { $0.plan.sharedNetwork != nil }) { $0.plan.sharedNetwork ?? "" }
            .mapValues { $0.sorted { $0.plan.prefix.network < $1.plan.prefix.network } }
        byLength = Dictionary(grouping: subnets, by: \.plan.prefix.length).sorted { $0.key > $1.key }.map { length, subnets in
            var table = NumberTable<ServedSubnet>()
            for subnet in subnets where table[subnet.plan.prefix.network] == nil { table[subnet.plan.prefix.network] = subnet }
            return (length, table)
        }
    }

    /// All subnets on the wire of this one, itself first.
    package func network(of subnet: ServedSubnet) -> [ServedSubnet] {
        guard let name = subnet.plan.sharedNetwork, let members = byNetwork[name], members.count > 1 else { return [subnet] }
        return [subnet] + members.filter { $0 !== subnet }
    }

    /// The subnet on the wire of this one that holds the address; this one where none does.
    package func subnet(containing address: IPv4Address, onWireOf subnet: ServedSubnet) -> ServedSubnet {
        if subnet.plan.sharedNetwork == nil || subnet.plan.prefix.contains(address) { return subnet }
        return network(of: subnet).first { $0.plan.prefix.contains(address) } ?? subnet
    }

    package func subnet(containing address: IPv4Address) -> ServedSubnet? {
        for (length, subnets) in byLength {
            guard let prefix = IPv4Prefix(containing: address, length: length) else { continue }
            if let subnet = subnets[prefix.network] { return subnet }
        }
        return nil
    }

    /// `nil` when no subnet is served where the request comes from. A sign that names no subnet of ours is not replaced by a weaker one:
    /// an address from the wrong network would be worse than none.
    package func subnet(for origin: RequestOrigin) -> ServedSubnet? {
        if let link = origin.linkSelection { return subnet(containing: link) }
        if let selected = origin.subnetSelection { return subnet(containing: selected) }
        if !origin.relayAddress.isAny { return subnet(containing: origin.relayAddress) }
        if !origin.wasBroadcast, !origin.clientAddress.isAny { return subnet(containing: origin.clientAddress) }
        for address in origin.interfaceAddresses { if let subnet = subnet(containing: address) { return subnet } }
        return nil
    }
}
