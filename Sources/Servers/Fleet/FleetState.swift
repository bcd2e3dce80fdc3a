package import Documents
package import FleetModel
package import HashTreeCollections
package import Primitives

/// All that the servers share, in memory. A value: every change is a pure transition, so that it is tested without a server.
package struct FleetState: Sendable {
    package var hosts: TreeDictionary<HostID, HostRecord> = [:]
    package private(set) var byHardwareAddress: TreeDictionary<HardwareAddress, HostID> = [:]
    package private(set) var byUUID: TreeDictionary<UniversalUniqueIdentifier, HostID> = [:]
    package private(set) var byBoot: TreeDictionary<BootID, HostID> = [:]
    /// By the address that a host's current boot was given.
    package private(set) var byAddress: TreeDictionary<IPv4Address, HostID> = [:]
    package private(set) var byDocument: TreeDictionary<String, HostID> = [:]

    package var documents = DocumentSet()
    /// Of the documents; 0 before the first `apply`.
    package var revision: UInt64 = 0
    package var references: [ImageReference: Digest] = [:]
    package var images: [Digest: CatalogImage] = [:]
    package var placements: [String: PlacementRecord] = [:]
    /// Some of `placementChanges` may not be written yet.
    var placementsAreLeft = false
    /// What was learned of hardware models.
    package internal(set) var models: [HardwareModel: ModelRecord] = [:]
    /// Models whose records changed since they were last written.
    package var unsavedModels: Set<HardwareModel> = []
    /// Hosts that left their system by order, and whose order has not ended.
    private(set) var leaving: Set<HostID> = []
    /// The last sign of life of a boot that is not up yet. Kept in memory only: what these servers could not hear proves nothing.
    private var heard: TreeDictionary<HostID, Sign> = [:]
    private struct Sign {
        var boot: BootID
        /// Milliseconds since 1970.
        var time: Int64
    }
    /// When these servers began to listen; milliseconds since 1970. What happened to a boot before, they cannot judge.
    package var servingSince: Int64 = 0
    package var subnets = SubnetTable(generation: 0, subnets: [])
    package var seal: PublishedBlob?
    package internal(set) var published: [Digest: PublishedBlob] = [:]
    package internal(set) var bootFiles: [String: PublishedBlob] = [:]
    /// The site's own network boot programs, by their paths in the documents and by the names that firmware asks for.
    var loaders: [String: LoaderFile] = [:]
    var loaderFiles: [String: LoaderFile] = [:]

    /// A machine that invents hardware addresses fills no memory beyond this many hosts.
    static let mostUnaccepted = 10_000
    private var unaccepted = 0

    /// Hosts whose records changed since they were last written.
    package var unsaved: Set<HostID> = []
    /// Discovered hosts that may be where a Subnet document accepts whoever comes.
    var acceptable: Set<HostID> = []

    package init() {}

    /// Puts a record in place and keeps every index true.
    package mutating func put(_ record: HostRecord) {
        let old = hosts.updateValue(record, forKey: record.id)
        if record.upgrade?.state == .leaving { leaving.insert(record.id) } else { leaving.remove(record.id) }
        unsaved.insert(record.id)
        // Most changes are of how far a boot came, and few are of whose it is.
        if old?.claims != record.claims || old?.document != record.document {
            if let old { removeNames(of: old) }
            if record.document == nil { unaccepted += 1 }
            for address in record.claims.hardwareAddresses { byHardwareAddress[address] = record.id }
            if let uuid = record.claims.distinguishingUUID { byUUID[uuid] = record.id }
            if let name = record.document { byDocument[name] = record.id }
        }
        let (boot, last) = (record.boot, old?.boot)
        if last?.id != boot?.id || old?.overtaken?.id != record.overtaken?.id {
            if let old { removeBoots(of: old) }
            for boot in [boot, record.overtaken] { if let boot { byBoot[boot.id] = record.id } }
        }
        if last?.address != boot?.address {
            if let old { removeAddress(of: old) }
            if let address = boot?.address { byAddress[address] = record.id }
        }
    }

    /// Somebody spoke as this boot: a packet, a fetch, an event, a question.
    mutating func hear(_ boot: BootID?, of host: HostID?, now: Int64) {
        guard let boot, let host, let current = hosts[host]?.boot, current.id == boot, current.phase < .agent else { return }
        heard[host] = Sign(boot: boot, time: now)
    }

    /// Milliseconds since 1970; `nil` for never, as far as these servers know.
    func lastHeard(of boot: BootRecord, on host: HostID) -> Int64? { heard[host].flatMap { $0.boot == boot.id ? $0.time : nil } }

    package mutating func remove(_ id: HostID) {
        heard[id] = nil
        guard let old = hosts.removeValue(forKey: id) else { return }
        removeNames(of: old)
        removeBoots(of: old)
        removeAddress(of: old)
        leaving.remove(id)
        unsaved.insert(id)
    }

    /// Forgets the longest-known tenth of the hosts that nobody accepted, when there are more than `mostUnaccepted`.
    mutating func forgetUnaccepted() {
        guard unaccepted > Self.mostUnaccepted else { return }
        let oldest = hosts.values.filter { $0.document == nil }.sorted { ($0.discoveredAt, $0.id) < ($1.discoveredAt, $1.id) }
        for record in oldest.prefix(Self.mostUnaccepted / 10) { remove(record.id) }
    }

    private mutating func removeNames(of record: HostRecord) {
        if record.document == nil { unaccepted -= 1 }
        for address in record.claims.hardwareAddresses where byHardwareAddress[address] == record.id { byHardwareAddress[address] = nil }
        if let uuid = record.claims.distinguishingUUID, byUUID[uuid] == record.id { byUUID[uuid] = nil }
        if let name = record.document, byDocument[name] == record.id { byDocument[name] = nil }
    }

    private mutating func removeBoots(of record: HostRecord) {
        for boot in [record.boot, record.overtaken] { if let boot, byBoot[boot.id] == record.id { byBoot[boot.id] = nil } }
    }

    private mutating func removeAddress(of record: HostRecord) {
        if let address = record.boot?.address, byAddress[address] == record.id { byAddress[address] = nil }
    }

    /// The host that an operator means: by document name, host id, hardware address or UUID.
    package func host(named text: String) -> HostRecord? {
        if let id = byDocument[text] ?? HostID(text) { return hosts[id] }
        if let address = HardwareAddress(text), let id = byHardwareAddress[address] { return hosts[id] }
        if let uuid = UniversalUniqueIdentifier(text), let id = byUUID[uuid] { return hosts[id] }
        return nil
    }
}

/// The claim index at one moment.
struct ClaimView: ClaimIndex {
    let state: FleetState
    let now: Int64

    func host(hardwareAddress: HardwareAddress) -> HostID? { state.byHardwareAddress[hardwareAddress] }
    func host(uuid: UniversalUniqueIdentifier) -> HostID? { state.byUUID[uuid] }
    func claims(of host: HostID) -> HostClaims? { state.hosts[host]?.claims }

    func isRunning(_ host: HostID) -> Bool {
        guard let report = state.hosts[host]?.boot?.lastReport else { return false }
        return now - report < 90_000
    }
}
