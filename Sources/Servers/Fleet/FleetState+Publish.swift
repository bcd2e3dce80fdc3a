import AddressPlan
import FleetModel
import HashTreeCollections
import Primitives

extension FleetState {
    /// Replaces the images that hosts may boot, and with them what leaves the boot servers.
    /// - Parameter catalog: oldest first; a network boot program that several images have is taken from the youngest.
    package mutating func publish(_ catalog: [CatalogImage]) {
        images = Dictionary(catalog.map { ($0.digest, $0) }, uniquingKeysWith: { _, last in last })
        bootFiles = catalog.reduce(into: [:]) { $0.merge($1.bootFiles) { _, younger in younger } }
        let blobs = catalog.flatMap(\.blobs) + (seal.map { [$0] } ?? [])
        published = Dictionary(blobs.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Firmware that fetches a network boot program says nothing of itself: its address tells whose boot it is.
    func attribute(_ event: inout BootEvent) {
        if event.host == nil, let boot = event.boot { event.host = byBoot[boot] }
        guard event.host == nil, event.boot == nil, let address = event.attributes["address"].flatMap({ IPv4Address($0) }),
            let host = byAddress[address]
        else { return }
        (event.host, event.boot) = (host, hosts[host]?.boot?.id)
    }

    /// Our DHCP knows which address a boot was given. Where another server gives them, the address tells that a script was asked from, and
    /// after it the one that the boot was claimed from: the stages of one boot may get different ones there.
    mutating func learnAddress(from event: BootEvent) {
        let isOurs = event.source == .dhcp && event.name == "ack-sent"
        guard isOurs || event.source == .script || event.source == .configuration && event.name == "claimed" else { return }
        guard let host = event.host, let record = hosts[host], let boot = record.boot,
            let address = event.attributes["address"].flatMap({ IPv4Address($0) }), boot.address != address
        else { return }
        let isGivenElsewhere = isGivenElsewhere(address)
        // Where we give the addresses, only our own word counts.
        let isOfNobody = boot.address == nil && !subnets.subnets.contains { $0.prefix.contains(address) }
        guard isOurs || boot.id == event.boot && (isGivenElsewhere || isOfNobody) else { return }
        put(address, of: record)
        if record.document == nil, isOurs || isGivenElsewhere { acceptable.insert(host) }
    }

    /// A running system reports from the address that it has now: a server that others run may give it another one each time that it asks.
    mutating func learnAddress(_ address: IPv4Address?, of host: HostID) {
        guard let address, let record = hosts[host], record.boot?.address != address, isGivenElsewhere(address) else { return }
        put(address, of: record)
    }

    private func isGivenElsewhere(_ address: IPv4Address) -> Bool {
        let mode = subnets.subnets.first { $0.prefix.contains(address) }?.mode
        return mode != nil && mode != .server
    }

    private mutating func put(_ address: IPv4Address, of record: HostRecord) {
        var record = record
        record.boot?.address = address
        put(record)
    }
}
