import AddressPlan
package import Documents
import FleetModel
import HashTreeCollections
import HostContract
import Primitives

extension FleetState {
    /// Puts documents in force: gives every Host document its host, and derives what the servers read from them.
    package mutating func adopt(
        _ documents: DocumentSet, revision: UInt64, now: Int64, using generator: inout some RandomNumberGenerator
    ) {
        self.documents = documents
        self.revision = revision
        for record in hosts.values where record.document.map({ documents.host($0) == nil }) ?? false {
            var record = record
            record.document = nil
            put(record)
        }
        for (name, spec) in documents.hosts { bind(name, spec, now: now, using: &generator) }
        subnets = SubnetTable(generation: subnets.generation &+ 1, subnets: subnetPlans(), loaders: publishLoaders())
        if documents.subnets.contains(where: { $0.spec.acceptUnknown != nil }) {
            acceptable.formUnion(hosts.values.filter { $0.document == nil && $0.boot?.address != nil }.map(\.id))
        }
    }

    /// The host that a document speaks of: the one that has its name, else its UUID, else one of its NICs, else a new one.
    private mutating func bind(_ name: String, _ spec: HostSpec, now: Int64, using generator: inout some RandomNumberGenerator) {
        // A host that another document speaks of keeps it: a NIC that was moved there is taken from it below.
        let candidates = [byDocument[name], spec.uuid.flatMap { byUUID[$0] }] + spec.hardwareAddresses.map { byHardwareAddress[$0] }
        let id = candidates.lazy.compactMap(\.self).first { [hosts, documents] id in
            hosts[id]?.document.map { $0 == name || documents.host($0) == nil } ?? true
        }
        var record = id.flatMap { hosts[$0] } ?? HostRecord(id: HostID(using: &generator), claims: HostClaims(), discoveredAt: now)
        record.document = name
        // The document is the operator's word, so it takes claims from whoever held them.
        record.claims.uuid = spec.uuid ?? record.claims.uuid
        for address in spec.hardwareAddresses where !record.claims.hardwareAddresses.contains(address) {
            record.claims.hardwareAddresses.append(address)
        }
        for address in record.claims.hardwareAddresses {
            guard let other = byHardwareAddress[address], other != record.id, var loser = hosts[other] else { continue }
            loser.claims.hardwareAddresses.removeAll { $0 == address }
            loser.claims.hardwareAddresses.isEmpty && loser.document == nil ? remove(other) : put(loser)
        }
        if let uuid = record.claims.distinguishingUUID, let other = byUUID[uuid], other != record.id, var loser = hosts[other] {
            loser.claims.uuid = nil
            put(loser)
        }
        if record != hosts[record.id] { put(record) }
    }

    private func subnetPlans() -> [SubnetPlan] {
        var plans = documents.subnets.map { SubnetPlan(name: $0, $1) }
        // Subnets do not overlap: in the order of their networks, the last that begins before an address is the only one that can hold it.
        plans.sort { $0.prefix.network < $1.prefix.network }
        let networks = plans.map(\.prefix.network)
        var hostOptions: [HardwareAddress: [UInt8: [UInt8]]] = [:]
        for (name, spec) in documents.hosts {
            let known = byDocument[name].flatMap { self.hosts[$0]?.claims.hardwareAddresses } ?? []
            if !spec.options.isEmpty { for hardware in spec.hardwareAddresses + known { hostOptions[hardware] = spec.options } }
            guard let address = spec.address else { continue }
            let index = networks.partitioningIndex { $0 > address } - 1
            guard index >= 0, plans[index].prefix.contains(address) else { continue }
            for hardware in spec.hardwareAddresses + known { plans[index].reservations[hardware] = address }
            if let uuid = spec.uuid { plans[index].uuidReservations[uuid] = address }
        }
        for index in plans.indices { plans[index].hostOptions = hostOptions }
        return plans
    }

    /// Placements that the documents ask for and that are not so yet, by guest.
    ///
    /// The placement of a guest whose document is gone stays: should the guest come back elsewhere, its former host has to release it first.
    package func placementChanges(now: Int64) -> [String: PlacementRecord] {
        var changes: [String: PlacementRecord] = [:]
        let guests = documents.guests
        for spec in guests {
            guard let host = byDocument[spec.host] else { continue }
            let current = placements[spec.guest.name]
            if let current, current.host == host {
                // The operator removed the host that was waited for: it will not say anything any more.
                guard let former = current.awaiting, hosts[former] == nil else { continue }
                changes[spec.guest.name] = current.released(now: now)
                continue
            }
            // A host that never had it, or is gone from the site, has nothing to release.
            let former = current.flatMap { $0.awaiting ?? $0.host }.flatMap { $0 == host ? nil : hosts[$0]?.id }
            changes[spec.guest.name] = PlacementRecord(host: host, generation: (current?.generation ?? 0) + 1, awaiting: former, since: now)
        }
        return changes
    }
}

extension SubnetPlan {
    /// What the Subnet document alone says.
    fileprivate init(name: String, _ spec: SubnetSpec) {
        self.init(
            name: name, prefix: spec.prefix, pools: spec.usablePools, routers: spec.routers, nameServers: spec.nameServers,
            timeServers: spec.timeServers, domainName: spec.domainName, leaseTime: spec.leaseTime,
            ignoresUnknownHosts: spec.unknownHosts == .ignore)
        mode = SubnetPlan.Mode(spec.mode)
        let addresses = spec.usablePools.reduce(0) { $0 + Int($1.upperBound.value - $1.lowerBound.value) + 1 }
        // Rounded up: a small pool is theirs as a whole.
        mostStrangers = (addresses * spec.unknownPercent + 99) / 100
        mostStrangersPerCircuit = spec.unknownPerCircuit
        isAuthoritative = spec.authoritative
        (probesAddresses, probesServers, joinsReplies) = (spec.probeAddresses, spec.probeServers, spec.joinReplies)
        (repeatsClientIdentifier, terminatesBootNames) = (spec.repeatClientIdentifier, spec.terminateBootNames)
        sharedNetwork = spec.sharedNetwork
        routes = spec.routes.map { SubnetRoute(destination: $0.destination, router: $0.router) }
        options = spec.options
        for reservation in spec.reservations {
            switch reservation.owner {
            case .hardwareAddress(let hardware): reservations[hardware] = reservation.address
            case .uuid(let uuid): uuidReservations[uuid] = reservation.address
            case .clientIdentifier(let identifier): identifierReservations[identifier] = reservation.address
            case .circuit(let circuit, let remote): circuitReservations[RelayCircuit(circuit: circuit, remote: remote)] = reservation.address
            }
            if !reservation.options.isEmpty { addressOptions[reservation.address] = reservation.options }
        }
    }
}

extension SubnetPlan.Mode {
    fileprivate init(_ mode: SubnetSpec.Mode) {
        self =
            switch mode {
            case .server: .server
            case .proxy: .proxy
            case .external: .external
            }
    }
}

extension [IPv4Address] {
    /// The first index whose element fits, of an array that has all that do not fit before all that do.
    fileprivate func partitioningIndex(where fits: (IPv4Address) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if fits(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
