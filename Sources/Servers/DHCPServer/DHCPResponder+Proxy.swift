import AddressPlan
import BootPolicy
import DHCPWire
import Primitives

/// ProxyDHCP (PXE 2.1 section 2.2): another server gives the address, we say beside it what to boot.
extension DHCPResponder {
    /// On DHCP's own port only a DHCPDISCOVER of whoever boots is answered: everything else is between its sender and the other server.
    func proxy(_ request: CheckedRequest, in subnet: ServedSubnet, arrival: Arrival, isKnown: Bool) -> Response {
        guard request.type == .discover, request.bootClient != nil else { return .ignore(.proxyOnly) }
        guard isKnown || !subnet.plan.ignoresUnknownHosts else { return .ignore(.unknownHost) }
        return Response(policy.proxyReply(to: request, in: subnet, servers: arrival.servers(answering: request.message, in: subnet.plan)))
    }

    /// On ProxyDHCP's own port, from a host that has its address. Whoever is elsewhere is not answered, or a stranger could have us send
    /// packets to anybody.
    func proxy(_ request: CheckedRequest, from sender: IPv4Address, arrival: Arrival, isKnown: Bool) -> Response {
        guard let subnet = subnets.subnet(containing: sender) else { return .ignore(.noSubnet) }
        guard subnet.plan.mode == .proxy else { return .ignore(.notProxied) }
        guard request.type == .request || request.type == .inform, request.bootClient != nil else { return .ignore(.proxyOnly) }
        guard isKnown || !subnet.plan.ignoresUnknownHosts else { return .ignore(.unknownHost) }
        return Response(
            policy.proxyReply(to: request, in: subnet, servers: arrival.servers(answering: request.message, in: subnet.plan), sender: sender))
    }
}
