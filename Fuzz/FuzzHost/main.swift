import Documents
import Fleet
import FleetModel
import Foundation
import FuzzDriver
import HashTreeCollections
import HostContract

/// Any bytes that a host sends are JSON of ours or an error. What decodes is encoded and decoded to the same, and the fleet's state takes
/// it without a trap: claims, progress, inventories, and reports of every kind.
let documents = """
    apiVersion: bennu/v1
    kind: Host
    metadata: {name: h1}
    spec: {hardwareAddresses: ['52:54:00:00:00:01']}
    """
var generator = SystemRandomNumberGenerator()
var state = FleetState()
state.adopt(
    DocumentSet(DocumentParser.parse(files: [SourceFile(path: "site", text: documents)]).documents), revision: 1, now: 1, using: &generator)
guard let known = state.host(named: "h1"), let boot = BootID("b-bbbbbbbbbbbbbbbb") else { preconditionFailure("no host h1") }
var booting = known
booting.boot = BootRecord(id: boot, kind: .cold, predecessor: nil, startedAt: 1)
state.put(booting)
state.placements["web"] = PlacementRecord(host: known.id, generation: .max, awaiting: known.id, since: 1)
let start = state

func decode<Value: Codable & Equatable>(_ type: Value.Type, _ data: Data) -> Value? {
    guard let value = try? JSONDecoder().decode(type, from: data) else { return nil }
    guard let again = try? JSONEncoder().encode(value), let same = try? JSONDecoder().decode(type, from: again) else {
        preconditionFailure("\(type) does not survive being written")
    }
    precondition(same == value, "\(type) reads differently after being written")
    return value
}

fuzz { bytes in
    let data = Data(bytes)
    var state = start
    if let claim = decode(BootClaim.self, data), case .success(let record) = state.judge(claim, now: 5) {
        state.put(record)
        guard case .success = state.judge(claim, now: 6) else { preconditionFailure("a granted claim is refused the second time") }
    }
    _ = decode(ProgressReport.self, data)
    _ = decode(Inventory.self, data)
    _ = decode(SignedEnvelope.self, data)
    _ = decode(HostConfiguration.self, data)
    if let status = decode(StatusReport.self, data) {
        for time in [Int64(5), 6] { _ = state.report(status, from: known.id, now: time) }
        precondition(state.hosts[known.id]?.boot?.status == status)
        _ = state.placements(releasedBy: known.id, status, now: 7)
    }
}
