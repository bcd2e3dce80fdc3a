package import AddressPlan
package import BootPolicy
package import DHCPWire
package import Primitives

/// What to do about a message.
package enum Response: Sendable, Hashable {
    /// Send this now.
    case reply(DHCPMessage, to: DHCPMessage.Destination, refusal: DHCPRefusal?)
    /// Make this durable; then send the reply, if there is one.
    case commit(LeaseChange, then: DHCPMessage?, to: DHCPMessage.Destination, refusal: DHCPRefusal?)
    case ignore(DHCPRefusal)
}

/// The server's side of every conversation, without sockets, clock or disk (RFC 2131 section 4.3).
package struct DHCPResponder: Sendable {
    package var table: LeaseTable
    package private(set) var subnets = SubnetChoice([])
    package var policy: ReplyPolicy
    private(set) var strangers = StrangerCounts()
    package var quarantines: QuarantineCounts
    private let offerTime: UInt32
    private let quarantineTime: UInt32
    /// Of all interfaces that are served. What else this computer has may be another DHCP server's, such as libvirt's.
    package let ownAddresses: Set<IPv4Address>

    package init(
        table: LeaseTable, policy: ReplyPolicy, offerTime: UInt32 = 60, quarantineTime: UInt32 = 3600, ownAddresses: Set<IPv4Address> = []
    ) {
        self.ownAddresses = ownAddresses
        (self.table, self.policy) = (table, policy)
        quarantines = QuarantineCounts(of: table)
        (self.offerTime, self.quarantineTime) = (offerTime, quarantineTime)
    }

    package mutating func serve(_ plans: [SubnetPlan]) {
        subnets = SubnetChoice(plans)
        table.planChanged()
    }

    /// - Parameter isKnown: whether a Host document speaks of the sender.
    package mutating func respond(to request: CheckedRequest, arrival: Arrival, isKnown: Bool = true, now: Int64) -> Response {
        if let sender = arrival.proxySender { return proxy(request, from: sender, arrival: arrival, isKnown: isKnown) }
        guard let subnet = subnets.subnet(for: origin(of: request, arrival: arrival)) else { return .ignore(.noSubnet) }
        switch subnet.plan.mode {
        case .server: break
        case .proxy: return proxy(request, in: subnet, arrival: arrival, isKnown: isKnown)
        case .external: return .ignore(.externalSubnet)
        }
        // What a host gives back is taken from anybody.
        let asks = request.type == .discover || request.type == .request || request.type == .inform
        guard isKnown || !subnet.plan.ignoresUnknownHosts || !asks else { return .ignore(.unknownHost) }
        let client = LeaseClient(
            hardwareAddress: request.hardwareAddress, uuid: request.uuid,
            clientIdentifier: request.message.clientIdentifier.map { Hexadecimal.encode($0.prefix(64)) },
            hostName: request.message.hostName?.printable(limit: 255), circuit: request.relay.flatMap(RelayCircuit.init))
        if !isKnown, request.type == .discover || request.type == .request {
            return respond(toStranger: request, client: client, subnet: subnet, arrival: arrival, now: now)
        }
        switch request.type {
        case .discover: return discover(request, client: client, subnet: subnet, arrival: arrival, now: now)
        case .request: return self.request(request, client: client, subnet: subnet, arrival: arrival, now: now)
        case .decline: return decline(request, client: client, isKnown: isKnown, subnet: subnet, arrival: arrival, now: now)
        case .release: return release(request, client: client, arrival: arrival, now: now)
        case .inform: return inform(request, subnet: subnet, arrival: arrival)
        default: return .ignore(.unexpectedMessageType)
        }
    }

    /// Starvation care: whoever has no address here gets one only as long as those that no document speaks of have not too many.
    private mutating func respond(
        toStranger request: CheckedRequest, client: LeaseClient, subnet: ServedSubnet, arrival: Arrival, now: Int64
    ) -> Response {
        let hasAddress = table.end(of: client.hardwareAddress, within: subnet.plan.prefix, at: now) != nil
        guard hasAddress || strangers.admits(client, in: subnet, now: now) else {
            guard isRefusedAnyway(request, client: client, subnet: subnet, arrival: arrival, now: now) else { return .ignore(.unknownHostLimit) }
            return self.request(request, client: client, subnet: subnet, arrival: arrival, now: now)
        }
        let response =
            request.type == .discover
            ? discover(request, client: client, subnet: subnet, arrival: arrival, now: now)
            : self.request(request, client: client, subnet: subnet, arrival: arrival, now: now)
        if let end = table.end(of: client.hardwareAddress, at: now) { strangers.hold(client, in: subnet, until: end) }
        return response
    }

    /// A DHCPREQUEST for what its sender cannot have, limit or not: without a DHCPNAK it might go on with an address that is another's by now
    /// (RFC 2131 section 3.2). One that goes to another server tells about that one.
    private func isRefusedAnyway(
        _ request: CheckedRequest, client: LeaseClient, subnet: ServedSubnet, arrival: Arrival, now: Int64
    ) -> Bool {
        let message = request.message
        guard request.type == .request else { return false }
        if let chosen = message.serverIdentifier, !isOurs(chosen, request, arrival) { return true }
        let named = message.clientAddress.isAny ? message.requestedAddress : message.clientAddress
        guard let address = message.serverIdentifier == nil ? named : message.requestedAddress ?? named, !address.isAny else { return false }
        let subnet = subnets.subnet(containing: address, onWireOf: subnet)
        return table.obstacle(to: client, having: address, in: subnet, now: now) != nil
    }

    /// Whether the reply may leave in one message with others to the same relay.
    package func mayJoinReplies(to request: CheckedRequest) -> Bool {
        guard subnets.joinsReplies, !request.message.relayAddress.isAny else { return false }
        let origin = RequestOrigin(
            relayAddress: request.message.relayAddress, linkSelection: request.relay?.linkSelection,
            subnetSelection: request.message.subnetSelection, interfaceAddresses: [])
        return subnets.subnet(for: origin)?.plan.joinsReplies ?? false
    }

    private func origin(of request: CheckedRequest, arrival: Arrival) -> RequestOrigin {
        RequestOrigin(
            relayAddress: request.message.relayAddress, linkSelection: request.relay?.linkSelection,
            subnetSelection: request.message.subnetSelection, clientAddress: request.message.clientAddress,
            wasBroadcast: arrival.wasBroadcast && request.type != .inform, interfaceAddresses: arrival.interfaceAddresses)
    }

    private mutating func discover(
        _ request: CheckedRequest, client: LeaseClient, subnet: ServedSubnet, arrival: Arrival, now: Int64
    ) -> Response {
        let requested = request.message.requestedAddress
        var refusal = LeaseRefusal.poolExhausted(subnet: subnet.plan.name)
        for subnet in candidates(for: client, from: subnet, requested: requested, now: now) {
            do {
                let lease = try table.offer(to: client, in: subnet, requested: requested, now: now, holding: offerTime)
                return Response(
                    policy.reply(
                        to: request, in: subnet, decision: .offered(lease), servers: arrival.servers(answering: request.message, in: subnet.plan)))
            } catch {
                refusal = error
            }
        }
        return .ignore(DHCPRefusal(refusal))
    }

    /// The subnets of one wire in the order in which this client is given an address: where one is reserved for it, where it has one, where
    /// it asks for one, then as they come.
    private func candidates(for client: LeaseClient, from subnet: ServedSubnet, requested: IPv4Address?, now: Int64) -> [ServedSubnet] {
        let network = subnets.network(of: subnet)
        guard network.count > 1 else { return network }
        let held = table.leases(of: client.hardwareAddress).filter { $0.isHeld(at: now) }.map(\.address)
        func rank(_ subnet: ServedSubnet) -> Int {
            if subnet.reservation(of: client) != nil { return 0 }
            if held.contains(where: subnet.plan.prefix.contains) { return 1 }
            return requested.map(subnet.plan.prefix.contains) ?? false ? 2 : 3
        }
        return network.enumerated().map { (rank($1), $0, $1) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }

    private mutating func request(
        _ request: CheckedRequest, client: LeaseClient, subnet: ServedSubnet, arrival: Arrival, now: Int64
    ) -> Response {
        let (requested, holds) = (request.message.requestedAddress, request.message.clientAddress)
        let kind: LeaseRequestKind
        if let chosen = request.message.serverIdentifier {
            guard isOurs(chosen, request, arrival) else {
                for subnet in subnets.network(of: subnet) { table.withdrawOffers(to: client.hardwareAddress, in: subnet) }
                return .ignore(.otherServerChosen)
            }
            kind = .selecting
        } else {
            kind = holds.isAny ? .rebooting : .renewing
        }
        let named = holds.isAny ? requested : holds
        guard let address = kind == .selecting ? requested ?? named : named, !address.isAny else {
            return .ignore(.noAddressNamed)
        }
        let subnet = subnets.subnet(containing: address, onWireOf: subnet)
        let servers = servers(chosenBy: request, in: subnet, arrival)
        do {
            let change = try table.request(address, kind: kind, by: client, in: subnet, now: now)
            guard let lease = change.leases.first else { return .ignore(.leaseUnknown) }
            return Response(policy.reply(to: request, in: subnet, decision: .granted(lease), servers: servers), after: change)
        } catch {
            // Who chose us is answered always. Who speaks of an address that it had is not, where the address is none that we gave, and the
            // client has none of ours: a DHCPNAK from the wrong server takes the address of a client that was right (RFC 2131 section 4.3.2).
            // What we once offered to it, or gave it until then, says nothing: it may have chosen another server since.
            if kind != .selecting, !subnet.plan.isAuthoritative, error.mayBeAnothers, !table.hasLease(client.hardwareAddress, at: now) {
                return .ignore(DHCPRefusal(error))
            }
            return Response(policy.reply(to: request, in: subnet, decision: .refused(error), servers: servers))
        }
    }

    /// Each of our addresses names us, whichever interface a message came by (RFC 2131 section 4.1): a relay may send to several of them.
    /// Some clients leave option 54 out of a DHCPDECLINE or DHCPRELEASE; the lease itself then says whether it is ours.
    private func isOurs(_ chosen: IPv4Address, _ request: CheckedRequest, _ arrival: Arrival) -> Bool {
        isOwn(chosen, arrival) || chosen == request.relay?.serverIdentifierOverride
    }

    private func isOwn(_ address: IPv4Address, _ arrival: Arrival) -> Bool {
        address == arrival.servers.identifier || arrival.interfaceAddresses.contains(address) || ownAddresses.contains(address)
    }

    /// Who took an offer of ours is answered as the server that it took, also by another interface: some firmware looks at nothing else.
    private func servers(chosenBy request: CheckedRequest, in subnet: ServedSubnet, _ arrival: Arrival) -> ServerAddresses {
        guard let chosen = request.message.serverIdentifier, isOwn(chosen, arrival) else {
            return arrival.servers(answering: request.message, in: subnet.plan)
        }
        return arrival.servers.reached(at: chosen)
    }

    private mutating func decline(
        _ request: CheckedRequest, client: LeaseClient, isKnown: Bool, subnet: ServedSubnet, arrival: Arrival, now: Int64
    ) -> Response {
        if let chosen = request.message.serverIdentifier, !isOurs(chosen, request, arrival) { return .ignore(.otherServerChosen) }
        guard let address = request.message.requestedAddress, !address.isAny else { return .ignore(.noAddressNamed) }
        // The circuit that counts is the one that the lease remembers: a DHCPDECLINE may come without option 82.
        if let circuit = table.lease(at: address)?.circuit, let most = subnet.plan.mostStrangersPerCircuit,
            !quarantines.admits(address, from: circuit, most: most, now: now)
        {
            return .ignore(.declineLimit)
        }
        do {
            let change = try table.decline(address, by: client, now: now, quarantine: quarantineTime)
            for lease in change.leases {
                quarantines.hold(lease)
                guard !isKnown, let subnet = subnets.subnet(containing: address) else { continue }
                strangers.quarantine(lease, in: subnet)
                if table.end(of: client.hardwareAddress, within: subnet.plan.prefix, at: now) == nil { strangers.release(lease, in: subnet) }
            }
            return .silent(change)
        } catch {
            return .ignore(DHCPRefusal(error))
        }
    }

    private mutating func release(_ request: CheckedRequest, client: LeaseClient, arrival: Arrival, now: Int64) -> Response {
        if let chosen = request.message.serverIdentifier, !isOurs(chosen, request, arrival) { return .ignore(.otherServerChosen) }
        guard !request.message.clientAddress.isAny else { return .ignore(.noAddressNamed) }
        do {
            let change = try table.release(request.message.clientAddress, by: client, now: now)
            for lease in change.leases { forget(lease, now: now) }
            return .silent(change)
        } catch {
            return .ignore(DHCPRefusal(error))
        }
    }

    /// A stranger that gave its address back is no longer among those that have one, and an address that is free again is not quarantined.
    package mutating func forget(_ lease: Lease, now: Int64) {
        quarantines.release(lease)
        guard let subnet = subnets.subnet(containing: lease.address) else { return }
        strangers.endQuarantine(lease, in: subnet)
        guard table.end(of: lease.hardwareAddress, within: subnet.plan.prefix, at: now) == nil else { return }
        strangers.release(lease, in: subnet)
    }

    /// RFC 2131 section 3.4: options for an address that the client has from elsewhere; no lease is looked for. The address must be one of
    /// a subnet of ours, or a stranger could have us send packets to anybody. Some clients leave it out: a relay's answer finds its way all the same.
    private func inform(_ request: CheckedRequest, subnet: ServedSubnet, arrival: Arrival) -> Response {
        let (address, relay) = (request.message.clientAddress, request.message.relayAddress)
        guard !address.isAny || !relay.isAny else { return .ignore(.noAddressNamed) }
        guard address.isAny || subnets.subnet(containing: request.message.clientAddress) != nil else { return .ignore(.addressOutsideSubnet) }
        return Response(
            policy.reply(to: request, in: subnet, decision: .informed, servers: arrival.servers(answering: request.message, in: subnet.plan)))
    }
}

extension String {
    /// What a stranger sent, for a person's terminal: printable ASCII only, so that no escape sequence gets there.
    func printable(limit: Int) -> String { String(decoding: utf8.lazy.filter { (32...126).contains($0) }.prefix(limit), as: UTF8.self) }
}

extension Response {
    init(_ decision: consuming ReplyDecision) {
        self =
            switch consume decision {
            case .reply(let message, let destination, let refusal): .reply(message, to: destination, refusal: refusal)
            case .ignore(let reason): .ignore(reason)
            }
    }

    init(_ decision: consuming ReplyDecision, after change: LeaseChange) {
        self =
            switch consume decision {
            case .reply(let message, let destination, let refusal): .commit(change, then: message, to: destination, refusal: refusal)
            case .ignore(let reason): .ignore(reason)
            }
    }

    static func silent(_ change: LeaseChange) -> Response { .commit(change, then: nil, to: .broadcast, refusal: nil) }
}

extension RelayCircuit {
    /// `nil` for a relay that does not say which port a message came by. What is longer than any switch's name is cut.
    init?(_ relay: RelayAgentInformation) {
        guard let circuit = relay.circuitIdentifier, !circuit.isEmpty else { return nil }
        self.init(
            circuit: Hexadecimal.encode(circuit.prefix(64)),
            remote: relay.remoteIdentifier.flatMap { $0.isEmpty ? nil : Hexadecimal.encode($0.prefix(64)) })
    }
}
