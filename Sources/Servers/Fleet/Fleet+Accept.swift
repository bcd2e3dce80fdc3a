import Documents
import FleetModel
import HashTreeCollections
import OperatorTypes
import Primitives
import Synchronization

/// Hosts that nobody accepts by hand: `acceptUnknown` of the Subnet document that their address is in.
extension Fleet {
    /// Gives every discovered host that was seen where unknown hosts are accepted a Host document of its own.
    func acceptUnknown() async {
        let accepted = state.withLock { $0.takeAcceptable() }
        guard !accepted.isEmpty else { return }
        // All at once, since a rack powers on at once; one by one only where one of them has a mistake.
        if await accept(accepted) == nil { return }
        for host in accepted {
            guard let refusal = await accept([host]) else { continue }
            let event = host.event("host-not-accepted", "as \(host.name): \(refusal)", now: now())
            record([event])
        }
    }

    /// - Returns: why none of them was accepted; `nil` when all were.
    private func accept(_ hosts: [FleetState.Acceptable]) async -> String? {
        let files = hosts.map { ApplyRequest.SourceText(path: "Host/\($0.name)", text: $0.spec.yaml(metadata: Metadata(name: $0.name))) }
        do {
            let result = try await apply(ApplyRequest(files: files, dryRun: false))
            if let mistake = result.mistakes.first { return "\(mistake.path): \(mistake.message)" }
        } catch {
            return "\(error)"
        }
        record(hosts.map { $0.event("host-accepted", "as \($0.name), by Subnet \($0.subnet)", now: now()) })
        return nil
    }
}

extension FleetState {
    /// A discovered host with the document that it is to get.
    struct Acceptable: Sendable {
        var record: HostRecord
        var name: String
        var spec: HostSpec
        var subnet: String

        func event(_ name: String, _ detail: String, now: Int64) -> BootEvent {
            BootEvent(host: record.id, boot: record.boot?.id, time: now, source: .fleet, name: name, detail: detail)
        }
    }

    /// Hosts to accept now. Each is given out once: it comes again with its next address, or the next change of documents.
    mutating func takeAcceptable() -> [Acceptable] {
        let candidates = acceptable
        acceptable = []
        guard !candidates.isEmpty else { return [] }
        let subnets = documents.subnets.filter { $0.spec.acceptUnknown != nil }
        var names: Set<String> = []
        return candidates.sorted().compactMap { id in
            guard let record = hosts[id], record.document == nil, let address = record.boot?.address else { return nil }
            guard let hardware = record.claims.hardwareAddresses.first else { return nil }
            let inside = subnets.filter { $0.spec.prefix.contains(address) }
            // The smallest of nested subnets, as DHCP chose it.
            guard let subnet = inside.max(by: { $0.spec.prefix.length < $1.spec.prefix.length }) else { return nil }
            guard let accept = subnet.spec.acceptUnknown else { return nil }
            let digits = Hexadecimal.encode(hardware.bytes)
            let short = "host-\(digits.suffix(6))"
            let name = documents.host(short) == nil && names.insert(short).inserted ? short : "host-\(digits)"
            let spec = HostSpec(
                uuid: record.claims.distinguishingUUID, hardwareAddresses: record.claims.hardwareAddresses, image: accept.image,
                profiles: accept.profiles)
            return Acceptable(record: record, name: name, spec: spec, subnet: subnet.name)
        }
    }
}
