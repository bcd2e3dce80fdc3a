package import AddressPlan
package import DHCPWire
package import Primitives

/// What became of the address that a message asked for.
package enum LeaseDecision: Sendable, Hashable {
    /// A DHCPDISCOVER: held for the client.
    case offered(Lease)
    /// A DHCPREQUEST: its own, once it is durable.
    case granted(Lease)
    /// A DHCPINFORM: the client has an address of its own making.
    case informed
    /// A DHCPREQUEST that gets a DHCPNAK.
    case refused(LeaseRefusal)
}

/// What to send for a message, and where to.
package enum ReplyDecision: Sendable, Hashable {
    /// `refusal` says what the reply does not give: why it is a DHCPNAK, or has no boot program.
    case reply(DHCPMessage, to: DHCPMessage.Destination, refusal: DHCPRefusal?)
    case ignore(DHCPRefusal)
}

/// Makes replies. Pure: the same request, subnet, lease and addresses make the same bytes.
package struct ReplyPolicy: Sendable, Hashable {
    package var loaders: LoaderTable

    package init(loaders: LoaderTable = .ipxe) { self.loaders = loaders }

    package func reply(
        to request: CheckedRequest, in subnet: ServedSubnet, decision: LeaseDecision, servers: ServerAddresses
    ) -> ReplyDecision {
        switch decision {
        case .offered(let lease): configure(.offer, for: request, in: subnet, lease: lease, servers: servers)
        case .granted(let lease): configure(.acknowledgement, for: request, in: subnet, lease: lease, servers: servers)
        case .informed: configure(.acknowledgement, for: request, in: subnet, lease: nil, servers: servers)
        case .refused(let refusal): refuse(request, refusal, in: subnet, servers: servers)
        }
    }

    private func refuse(_ request: CheckedRequest, _ refusal: LeaseRefusal, in subnet: ServedSubnet, servers: ServerAddresses) -> ReplyDecision {
        let name = DHCPRefusal(refusal)
        var reply = DHCPMessage(
            replyingTo: request.message, type: .negativeAcknowledgement, serverIdentifier: servers.identifier,
            repeatsClientIdentifier: subnet.plan.repeatsClientIdentifier, relay: request.relay)
        reply.text = name.rawValue
        return .reply(reply, to: reply.destination(answering: request.message, relay: request.relay), refusal: name)
    }

    /// What ProxyDHCP says beside another server's answer: what to boot, and nothing else (PXE 2.1 section 2.2).
    ///
    /// - Parameter sender: of a message that came to ProxyDHCP's own port, which is answered there with a DHCPACK.
    package func proxyReply(
        to request: CheckedRequest, in subnet: ServedSubnet, servers: ServerAddresses, sender: IPv4Address? = nil
    ) -> ReplyDecision {
        let directions = BootDirections(
            for: request.bootClient, hardwareAddress: request.hardwareAddress, servers: servers, loaders: loaders)
        var reply = DHCPMessage(
            replyingTo: request.message, type: sender == nil ? .offer : .acknowledgement, serverIdentifier: servers.identifier,
            repeatsClientIdentifier: subnet.plan.repeatsClientIdentifier, relay: request.relay)
        if let refusal = reply.setProxiedBoot(directions, subnet.plan, servers: servers) { return .ignore(refusal) }
        return .reply(reply, to: sender.map { .sender($0) } ?? reply.destination(answering: request.message, relay: request.relay), refusal: nil)
    }

    private func configure(
        _ type: DHCPMessageType, for request: CheckedRequest, in subnet: ServedSubnet, lease: Lease?, servers: ServerAddresses
    ) -> ReplyDecision {
        var reply = DHCPMessage(
            replyingTo: request.message, type: type, serverIdentifier: servers.identifier,
            repeatsClientIdentifier: subnet.plan.repeatsClientIdentifier, relay: request.relay)
        if let lease {
            reply.yourAddress = lease.address
            reply.setTimes(leaseTime: subnet.plan.leaseTime)
        }
        reply.setNetwork(subnet.plan, for: request)
        reply.setFurther(subnet.plan, for: request, address: lease?.address)
        let directions = BootDirections(
            for: request.bootClient, hardwareAddress: request.hardwareAddress, servers: servers, loaders: loaders)
        let refusal = reply.setBoot(directions, subnet.plan)
        return .reply(reply, to: reply.destination(answering: request.message, relay: request.relay), refusal: refusal)
    }
}
